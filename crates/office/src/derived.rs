//! What a pull is told that was derived from answers: scores and age bands. Whether it may be told is asked of the
//! grants. Where this hub holds the answers it derives the value again, so that it is never behind them; else it
//! passes on what was released, and says whether that is stale.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use teranga_core::catalogue::Catalogue;
use teranga_core::class::ClassId;
use teranga_core::flow::{Answers, Filling, FlowContext, Held, Opening, Shown};
use teranga_core::form::Form;
use teranga_core::grant;
use teranga_core::key::Key;
use teranga_core::release::{Derived, InputMark, Release, Released, Rule};
use teranga_core::score::{Fraction, Scheme, score};
use teranga_core::value::Value;
use teranga_store::records::PartView;

use crate::consolidate::{PulledBand, PulledScore, PulledScores};

/// One record as a token for these classes may be told of it.
pub(crate) struct Sight<'a> {
    /// What is published.
    pub(crate) catalogue: &'a Catalogue,
    /// The version of the form that the record is read under: the latest.
    pub(crate) form: &'a Arc<Form>,
    /// The parts that are held here.
    pub(crate) parts: &'a [PartView],
    /// The classes that the token may read.
    pub(crate) classes: &'a [String],
}

impl Sight<'_> {
    /// The scores, where a scheme scores the form and the token may be told.
    pub(crate) fn scores(&self) -> Option<PulledScores> {
        let scheme = self.catalogue.scheme_for(self.form.form_id())?;
        let release = self.release(
            |rule| matches!(rule, Rule::Scores { scheme: released } if *released == scheme.scheme_id),
        );
        let inputs = self.classes_of(scheme.items.iter().map(|item| item.question.as_str()));
        if !grant::may_derive(self.classes, &inputs, release.map(|release| &release.to)) {
            return None;
        }
        if self.holds(&inputs) {
            let scores = self.scored(scheme)?;
            return Some(pulled(scheme, scheme.reference(), false, scores));
        }
        let released = self.released(release?)?;
        let Derived::Scores(scores) = &released.derived else { return None };
        let stale = self.moved_since(&released) || released.by != scheme.reference();
        let scores = scores.iter().map(|(name, score)| (name.clone(), score.value, score.coverage));
        Some(pulled(scheme, released.by.clone(), stale, scores.collect()))
    }

    /// The age band, where it is released and the token may be told.
    pub(crate) fn age_band(&self) -> Option<PulledBand> {
        let release = self.release(|rule| matches!(rule, Rule::AgeBand { .. }))?;
        let inputs = self.classes_of(release.reads(None));
        if !grant::may_derive(self.classes, &inputs, Some(&release.to)) {
            return None;
        }
        let (released, stale) = if self.holds(&inputs) {
            (release.derive(None, &self.answers(), &|_| false, self.mark()).ok()??, false)
        } else {
            let released = self.released(release)?;
            let stale = self.moved_since(&released);
            (released, stale)
        };
        match released.derived {
            Derived::AgeBand(band) => band.map(|band| PulledBand { band, stale }),
            Derived::Scores(_) | Derived::Flag(_) | Derived::Code(_) | Derived::Alert(_) => None,
        }
    }

    /// The published release of this form whose rule this accepts.
    fn release(&self, accepts: impl Fn(&Rule) -> bool) -> Option<&Release> {
        let releases = self.catalogue.releases_for(self.form.form_id());
        releases.into_iter().find(|release| accepts(&release.rule)).map(AsRef::as_ref)
    }

    /// What was written under a release, where the token may read the class it goes to.
    fn released(&self, release: &Release) -> Option<Released> {
        if !grant::may_read(self.classes, &release.to) {
            return None;
        }
        let readable = self.parts.iter().filter(|part| grant::may_read(self.classes, &part.class));
        match readable.into_iter().find_map(|part| part.values.get(&release.key()))? {
            Value::Text(text) => Released::read(text),
            Value::Cleared | Value::Bool(_) | Value::Int(_) | Value::Decimal(_) | Value::NoAnswer(_) => None,
        }
    }

    /// Whether the answers that are held here are others than those that a value was released from.
    fn moved_since(&self, released: &Released) -> bool {
        released.inputs != self.mark()
    }

    /// The mark of what is held here: of every part but the open one, in which the results stand.
    fn mark(&self) -> InputMark {
        let parts = self.parts.iter().filter(|part| !grant::is_envelope(&part.class));
        let heads: BTreeMap<_, _> = parts.map(|part| (part.class.clone(), part.heads.clone())).collect();
        InputMark::of(&heads)
    }

    fn scored(&self, scheme: &Scheme) -> Option<Vec<Scored>> {
        let lists = self.catalogue.lists_for(self.form);
        let context = FlowContext { opening: Opening::Look, held: Held::All, ..FlowContext::default() };
        let filling = Filling::new(Arc::clone(self.form), &lists, self.answers(), context);
        let skipped =
            |question: &str| matches!(filling.shown(&Key::question(question)), Some(Shown::Skipped));
        let scores = score(scheme, filling.stored(), &skipped).ok()?;
        Some(scores.into_iter().map(|score| (score.name, score.value, score.coverage)).collect())
    }

    fn answers(&self) -> Answers {
        self.parts.iter().flat_map(|part| part.values.clone()).collect()
    }

    fn classes_of<'q>(&self, questions: impl IntoIterator<Item = &'q str>) -> BTreeSet<&ClassId> {
        let known = questions.into_iter().filter_map(|question| self.form.question(question));
        known.map(|question| &question.class).collect()
    }

    fn holds(&self, inputs: &BTreeSet<&ClassId>) -> bool {
        inputs.iter().all(|class| self.parts.iter().any(|part| part.class == **class))
    }
}

/// A score's name, value and coverage.
type Scored = (String, Option<Fraction>, Option<Fraction>);

fn pulled(scheme: &Scheme, by: String, stale: bool, scores: Vec<Scored>) -> PulledScores {
    let digits = |fraction: Option<Fraction>| fraction.map(|fraction| fraction.decimal(scheme.places));
    let scores = scores.into_iter().map(|(name, value, coverage)| PulledScore {
        name,
        value: digits(value),
        coverage: digits(coverage),
        sufficient: value.map(|value| value >= scheme.threshold),
    });
    PulledScores { scheme: by, status: scheme.status.code().to_owned(), stale, scores: scores.collect() }
}
