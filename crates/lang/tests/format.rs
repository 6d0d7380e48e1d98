//! The layout is that of `terraform fmt`; the pairs were made with version 1.11.4.
use ampere_lang::syntax::format;

const MESSY: &str = include_str!("format/messy.tf.txt");
const TIDY: &str = include_str!("format/tidy.tf.txt");

#[test]
fn a_messy_file_is_laid_out_as_terraform_does() {
    for (i, (ours, theirs)) in format(MESSY).lines().zip(TIDY.lines()).enumerate() {
        assert_eq!(ours, theirs, "line {}", i + 1);
    }
    assert_eq!(format(MESSY), TIDY);
}

#[test]
fn what_is_tidy_stays() {
    assert_eq!(format(TIDY), TIDY);
}

#[test]
fn line_ends_and_missing_ones_are_kept() {
    assert_eq!(format("a=1\r\nbcd=2 # x\r\n"), "a   = 1\r\nbcd = 2 # x\r\n");
    assert_eq!(format("a=1"), "a = 1");
    assert_eq!(format(""), "");
    assert_eq!(format("\n\n\n"), "\n\n\n");
    assert_eq!(format("\u{feff}a=1\n"), "a = 1\n");
}

#[test]
fn comments_align_where_they_follow_code() {
    assert_eq!(format("a=1 # x\nbcd=22 # y\n # alone\n"), "a   = 1  # x\nbcd = 22 # y\n# alone\n");
    assert_eq!(format("a {\n# in\n\n  \nb=1\n}\n"), "a {\n  # in\n\n\n  b = 1\n}\n");
}

#[test]
fn outdated_forms_are_replaced() {
    assert_eq!(format("a = \"${ x }\"\n"), "a = x\n");
    assert_eq!(format("a = \"${\n  x ? 1 :\n 2 }\"\n"), "a = (x ? 1 :\n2)\n");
    assert_eq!(format("a = \"${x}${y}\"\n"), "a = \"${x}${y}\"\n");
    assert_eq!(format("variable v {\n  type = list\n}\n"), "variable \"v\" {\n  type = list(any)\n}\n");
    assert_eq!(format("variable \"v\" {\n  type = \"map\"\n}\n"), "variable \"v\" {\n  type = map(string)\n}\n");
    assert_eq!(format("b a /* c */ \"d\\n\" /* e */ {}\n"), "b \"a\" \"d\\n\" /* e */ {}\n");
}

#[test]
fn what_can_be_read_still_can() {
    assert_eq!(format("a = [[1, 2]].0 .1\n"), "a = [[1, 2]].0 .1\n");
    assert_eq!(format("a = 7. 4\n"), "a = 7 .4\n");
    assert_eq!(format("a = x.0 .name\n"), "a = x.0.name\n");
}

#[test]
fn broken_files_are_left_alone() {
    let broken = "a=1\n  b = [1\n";
    assert_eq!(format(broken), broken);
}
