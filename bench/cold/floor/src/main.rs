//! A Lambda function that does nothing: what no function on this runtime can be below.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(lambda_runtime::run(service_fn(nothing)))
}

async fn nothing(_: LambdaEvent<Value>) -> Result<Value, Error> {
    Ok(json!({}))
}
