//! Whether a box may be called sealed, as its own report says (promises S4, S5, N4).
use std::collections::BTreeSet;

use ampere_bundle::{Inspection, Report};

use super::document::Offer;

/// What keeps a box from being sealed; none if nothing does. It names places on the box and no content.
///
/// What was swapped on the box by somebody with root can lie about itself; docs/instance.md says so.
pub(super) fn complaint(report: &Report, offer: &Offer, agents: &BTreeSet<String>) -> Option<String> {
    if report.sequence != offer.sequence {
        return Some("its report is older than its bundle".into());
    }
    if !agents.is_empty() && !agents.contains(&report.agent_hash) {
        return Some("the agent on it is none of the release that was to be installed".into());
    }
    let Some(inspection) = &report.inspection else { return Some("it has not looked at itself yet".into()) };
    let mut found = ways_in(inspection);
    if inspection.metadata_closed.is_none() {
        found.push("whether the metadata service is closed is not known yet".into());
    }
    if report.openclaw_version.as_deref() != Some(&*offer.openclaw) {
        found.push("OpenClaw does not run in the wanted version yet".into());
    }
    match &report.audit {
        None => found.push("OpenClaw has not looked at itself yet".into()),
        Some(audit) => {
            // What listens is known only of a time when OpenClaw ran.
            if inspection.at < audit.at {
                found.push("it has not looked at itself since OpenClaw did".into());
            }
            if audit.critical > 0 {
                found.push(format!("OpenClaw's own audit finds something critical ({})", audit.findings.join(", ")));
            }
            if audit.secrets != Some(0) {
                found.push("OpenClaw cannot resolve all of its secrets".into());
            }
        }
    }
    if report.health.gateway != Some(true) {
        found.push("OpenClaw's gateway is not ready yet".into());
    }
    (!found.is_empty()).then(|| found.join("; "))
}

/// The ways into a box that root has found on it.
pub(super) fn ways_in(inspection: &Inspection) -> Vec<String> {
    let mut found = Vec::new();
    let mut list = |what: &str, places: &[String]| {
        if !places.is_empty() {
            found.push(format!("{what} ({})", places.join(", ")));
        }
    };
    list("it listens to others", &inspection.listening);
    list("there is an SSH server", &inspection.sshd);
    list("users have passwords", &inspection.passwords);
    list("keys may log in", &inspection.authorized_keys);
    if !inspection.root_locked {
        found.push("root is not locked".into());
    }
    if inspection.metadata_closed == Some(false) {
        found.push("the metadata service is open to others than root".into());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use ampere_bundle::{Audit, Health};

    fn clean() -> Report {
        Report {
            instance: "box-aa-bb".into(),
            at: 0,
            sequence: 7,
            agent_version: "0.1.0".into(),
            agent_hash: "00".into(),
            openclaw_version: Some("2026.9.6".into()),
            node_version: None,
            inspection: Some(Inspection { root_locked: true, metadata_closed: Some(true), ..Inspection::default() }),
            audit: Some(Audit { secrets: Some(0), ..Audit::default() }),
            health: Health { gateway: Some(true), ..Health::default() },
        }
    }

    fn said(change: impl FnOnce(&mut Report)) -> String {
        let mut report = clean();
        change(&mut report);
        let offer = Offer {
            sequence: 7,
            digest: String::new(),
            settings: String::new(),
            openclaw: "2026.9.6".into(),
            delivered: BTreeMap::new(),
        };
        complaint(&report, &offer, &BTreeSet::from(["00".to_owned()])).unwrap_or_default()
    }

    #[test]
    fn an_agent_that_is_not_the_released_one_is_not_sealed() {
        assert!(said(|report| report.agent_hash = "11".into()).contains("none of the release"));
    }

    fn inspected(change: impl FnOnce(&mut Inspection)) -> String {
        said(|report| change(report.inspection.as_mut().unwrap()))
    }

    #[test]
    fn s4_s5_a_box_with_any_way_in_is_not_sealed() {
        assert_eq!(said(|_| {}), "");
        assert!(inspected(|i| i.listening.push("tcp 0.0.0.0:22".into())).contains("tcp 0.0.0.0:22"));
        assert!(inspected(|i| i.sshd.push("/usr/sbin/sshd".into())).contains("SSH server"));
        assert!(inspected(|i| i.passwords.push("root".into())).contains("passwords"));
        assert!(inspected(|i| i.authorized_keys.push("/root/.ssh".into())).contains("keys"));
        assert!(inspected(|i| i.root_locked = false).contains("root"));
        assert!(inspected(|i| i.metadata_closed = Some(false)).contains("metadata"));
        assert!(inspected(|i| i.metadata_closed = None).contains("metadata"));
    }

    #[test]
    fn a_box_that_has_not_looked_or_does_not_serve_is_not_sealed() {
        assert!(said(|report| report.sequence = 6).contains("older"));
        assert!(said(|report| report.inspection = None).contains("not looked"));
        assert!(said(|report| report.openclaw_version = Some("2026.9.5".into())).contains("version"));
        assert!(said(|report| report.audit = None).contains("OpenClaw has not looked"));
        assert!(said(|report| report.audit.as_mut().unwrap().at = 1).contains("since OpenClaw did"));
        assert!(said(|report| report.audit.as_mut().unwrap().critical = 1).contains("critical"));
        assert!(said(|report| report.audit.as_mut().unwrap().secrets = Some(2)).contains("resolve"));
        assert!(said(|report| report.health.gateway = None).contains("gateway"));
    }
}
