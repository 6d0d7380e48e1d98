//! Short scripts with expected text (see the kit's `script`).
use ampere_tests::{play, project_root};

macro_rules! scenarios {
    ($($name:ident),* $(,)?) => {
        $(#[test] fn $name() { play(&project_root().join(concat!("tests/scenarios/", stringify!($name), ".script"))) })*

        #[test]
        fn every_script_is_played() {
            let played = [$(stringify!($name)),*];
            for entry in std::fs::read_dir(project_root().join("tests/scenarios")).expect("the directory") {
                let path = entry.expect("an entry").path();
                let name = path.file_stem().and_then(|n| n.to_str()).expect("a name").to_owned();
                let script = path.extension().is_some_and(|e| e == "script");
                assert!(!script || played.contains(&name.as_str()), "{name}.script is not in the list");
            }
        }
    };
}

scenarios!(
    cancel_request,
    cancelled_subscription,
    conditions,
    count,
    create_and_noop,
    create_before_destroy,
    deferred_at_apply,
    deferred_payment,
    deleted_behind_our_back,
    destroy_in_order,
    drift_accepted,
    drift_repaired,
    for_each,
    foreign_object,
    forget,
    ignore_changes,
    import_block,
    import_command,
    json_stream,
    lost_state,
    moved,
    orphan,
    part_missing,
    postcondition,
    prevent_destroy,
    recover,
    replace_flag,
    replace_triggered_by,
    replacement,
    saved_plan,
    secret_rotation,
    sensitive_output,
    stale_plan,
    target,
    update_in_place,
);
