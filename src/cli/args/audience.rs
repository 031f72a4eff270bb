//! `--for`: the clients whose refusals count, as they are typed.

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::clients::{Audience, Client};

/// The clients whose refusals count.
#[derive(Args, Debug)]
pub struct AudienceArguments {
    /// Tell only what these clients refuse, with commas between them; else all
    #[arg(long = "for", value_name = "CLIENT", value_delimiter = ',', value_parser = client())]
    pub clients: Vec<Client>,
}

impl AudienceArguments {
    /// The clients; none of them named means all.
    pub fn audience(&self) -> Audience {
        Audience::of(&self.clients)
    }
}

fn client() -> impl TypedValueParser<Value = Client> {
    PossibleValuesParser::new(Client::ALL.map(Client::name)).try_map(|name| name.parse::<Client>())
}
