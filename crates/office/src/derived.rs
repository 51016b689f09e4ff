//! What a pull is told that was derived from answers: scores, released values and alerts. Whether it may be told is
//! asked of the grants. Where this hub holds the answers it derives the value again, so that it is never behind them;
//! else it passes on what was released, and says whether that is stale.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use teranga_core::alert::{Severity, Watch, raised};
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

use crate::consolidate::{NO_ALERT, PulledAlert, PulledBand, PulledRelease, PulledScore, PulledScores};

/// One record as a token for these classes may be told of it.
pub(crate) struct Sight<'a> {
    /// What is published.
    catalogue: &'a Catalogue,
    /// The version of the form that the record is read under: the latest.
    form: &'a Arc<Form>,
    /// The parts that are held here.
    parts: &'a [PartView],
    /// The classes that the token may read.
    classes: &'a [String],
    /// Opened when a value first asks for it.
    filling: OnceCell<Filling>,
    /// Compiled when a value first asks for them.
    watches: OnceCell<Vec<Watch<'a>>>,
}

impl<'a> Sight<'a> {
    /// A record whose form is read under this version, the latest.
    pub(crate) fn new(
        catalogue: &'a Catalogue,
        form: &'a Arc<Form>,
        parts: &'a [PartView],
        classes: &'a [String],
    ) -> Self {
        Self { catalogue, form, parts, classes, filling: OnceCell::new(), watches: OnceCell::new() }
    }

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
        let (released, stale) = self.told(self.release(|rule| matches!(rule, Rule::AgeBand { .. }))?)?;
        match released.derived {
            Derived::AgeBand(band) => band.map(|band| PulledBand { band, stale }),
            Derived::Scores(_) | Derived::Flag(_) | Derived::Code(_) | Derived::Alert(_) => None,
        }
    }

    /// Every released value that the token may be told, but scores, which have a shape of their own.
    pub(crate) fn releases(&self) -> Vec<PulledRelease> {
        let releases = self.catalogue.releases_for(self.form.form_id()).into_iter();
        let told = releases.filter_map(|release| {
            let (released, stale) = self.told(release)?;
            let value = match released.derived {
                Derived::Scores(_) => return None,
                Derived::AgeBand(value) | Derived::Code(value) => value,
                Derived::Flag(yes) => Some(u8::from(yes).to_string()),
                Derived::Alert(alert) => Some(alert.map_or(NO_ALERT, Severity::code).to_owned()),
            };
            Some(PulledRelease { release: release.release_id.clone(), value, stale })
        });
        told.collect()
    }

    /// The alerts that the answers held here raise, of those that the token may be told by name.
    pub(crate) fn alerts(&self) -> Vec<PulledAlert> {
        let may_be_told = |watch: &Watch<'_>| {
            let inputs = watch.reads(self.form).into_iter().map(|question| &question.class).collect();
            grant::may_derive(self.classes, &inputs, Some(&watch.alert().to)) && self.holds(&inputs)
        };
        let watches: Vec<Watch<'_>> =
            self.watches().iter().filter(|watch| may_be_told(watch)).cloned().collect();
        if watches.is_empty() {
            return Vec::new();
        }
        let raised = raised(self.filling(), &watches).into_iter();
        raised
            .map(|alert| PulledAlert {
                alert: alert.alert_id.clone(),
                severity: alert.severity.code().to_owned(),
            })
            .collect()
    }

    /// A value under a release and whether it is stale, where the token may be told: derived again where its answers
    /// are held here and tell it, else as it was released.
    fn told(&self, release: &Release) -> Option<(Released, bool)> {
        let inputs = self.inputs_of(release);
        if !grant::may_derive(self.classes, &inputs, Some(&release.to)) {
            return None;
        }
        if let Some(derived) = self.holds(&inputs).then(|| self.derived(release)).flatten() {
            return Some((derived, false));
        }
        let released = self.released(release)?;
        let stale = self.moved_since(&released) || released.by != release.reference();
        Some((released, stale))
    }

    fn derived(&self, release: &Release) -> Option<Released> {
        match &release.rule {
            Rule::Scores { .. } => None,
            Rule::AgeBand { .. } => release.derive(None, &self.answers(), &|_| false, self.mark()).ok()?,
            Rule::Flag { .. } | Rule::Code { .. } | Rule::Alerts {} => {
                release.judge(self.filling(), self.watches(), self.mark())
            }
        }
    }

    /// The classes of the answers that a release reads.
    fn inputs_of(&self, release: &Release) -> BTreeSet<&ClassId> {
        let watched = || self.watches().iter().flat_map(|watch| watch.reads(self.form));
        match &release.rule {
            Rule::Flag { when } => match self.form.condition(&release.release_id, when) {
                Ok(condition) => {
                    condition.reads(self.form).into_iter().map(|question| &question.class).collect()
                }
                Err(_) => BTreeSet::new(),
            },
            Rule::Alerts {} => watched().map(|question| &question.class).collect(),
            Rule::Scores { .. } | Rule::AgeBand { .. } | Rule::Code { .. } => {
                self.classes_of(release.reads(None))
            }
        }
    }

    /// The form with the answers that are held here, and no others.
    fn filling(&self) -> &Filling {
        self.filling.get_or_init(|| {
            let held = self.parts.iter().map(|part| part.class.clone()).collect();
            let context =
                FlowContext { opening: Opening::Look, held: Held::Only(held), ..FlowContext::default() };
            let lists = self.catalogue.lists_for(self.form);
            Filling::new(Arc::clone(self.form), &lists, self.answers(), context)
        })
    }

    /// The alerts of the form.
    fn watches(&self) -> &[Watch<'a>] {
        self.watches.get_or_init(|| self.catalogue.watches(self.form))
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
