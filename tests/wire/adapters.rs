//! Each adapter against the real wire: what the services answer is theirs, not a script's.

mod channels;
mod ecs;
mod ledger;
mod parameters;
mod tasks;
