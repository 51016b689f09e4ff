//! How many records somebody has: an agent by who is in charge, a device by what it may hold, this replica itself. An office
//! assigns nothing more to whoever has too many, and both it and the device say so before that.

use teranga_core::audience::Audience;
use teranga_core::grant;
use teranga_core::record::Custody;

use crate::columns::unsigned;
use crate::custody::{self, Facts};
use crate::error::Result;
use crate::replica::Replica;

impl Replica {
    /// How many records whose envelope is held there are.
    pub fn caseload(&self) -> Result<u64> {
        let count =
            self.connection()
                .query_row("SELECT count(*) FROM record WHERE form IS NOT NULL", [], |row| row.get(0))?;
        Ok(unsigned(count))
    }

    /// How many of the records here replicas of these audiences may hold, in their order.
    pub fn caseloads(&self, audiences: &[Audience]) -> Result<Vec<u64>> {
        let kinds = self.kinds_of_custody()?;
        let counted = audiences.iter().map(|audience| {
            let reached = kinds.iter().filter(|(custody, _)| grant::reaches(audience, custody));
            reached.map(|(_, count)| count).sum()
        });
        Ok(counted.collect())
    }

    /// The custodies that there are, each with how many records are in it: few, however many records. What leaves is in nobody's.
    fn kinds_of_custody(&self) -> Result<Vec<(Custody, u64)>> {
        let mut statement = self.connection().prepare_cached(
            "SELECT record.region, record.custody, kase.region, kase.custody, count(*)
             FROM record LEFT JOIN record kase ON kase.record = record.kase
             WHERE record.region IS NOT NULL
               AND NOT EXISTS (SELECT 1 FROM gone WHERE gone.record = record.record AND gone.class = '')
             GROUP BY 1, 2, 3, 4",
        )?;
        let mut rows = statement.query([])?;
        let mut kinds = Vec::new();
        while let Some(row) = rows.next()? {
            let Some(own) = custody::in_columns(row.get(0)?, row.get(1)?)? else { continue };
            let case = custody::in_columns(row.get(2)?, row.get(3)?)?;
            let facts = Facts { own, case: None };
            kinds.push((facts.with(case.as_ref()), unsigned(row.get(4)?)));
        }
        Ok(kinds)
    }
}
