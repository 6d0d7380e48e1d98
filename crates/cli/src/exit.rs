//! Exit codes: the contract with scripts.

/// How the process ends. The numbers are part of the public interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Done, or nothing to do.
    Success = 0,
    /// Failed: a diagnostic says why.
    Failure = 1,
    /// There are changes, and `-detailed-exitcode` asked for this answer.
    Changes = 2,
    /// `apply` did a part of the plan; what is left is in the next plan. (`fmt -check`: some files are not formatted.)
    Partial = 3,
    /// The plan is stale, or another run holds the lock.
    Stale = 4,
    /// The audit log does not verify.
    Unverified = 5,
    /// The command line makes no sense (commands that Terraform has answer 1 instead, as Terraform does).
    Usage = 64,
    /// A defect of this program.
    Bug = 70,
}

impl From<Exit> for std::process::ExitCode {
    fn from(exit: Exit) -> Self {
        std::process::ExitCode::from(exit as u8)
    }
}
