//! `--for`, as the commands have it that hand an environment on.

use clap::Args;

/// Whom the environment is for.
#[derive(Args, Debug)]
pub struct FamilyArguments {
    /// Set the variables of these clients: claude, node, git, curl, python, uv, cargo, go, aws, java, deno, ruby, all
    #[arg(long = "for", value_name = "CLIENT,…")]
    pub families: Option<String>,
}
