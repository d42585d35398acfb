//! `isoflop verify`: does a saved fit come out again?

use isoflop::report::{json, verification_document};
use isoflop::verify;

use crate::args::VerifyArgs;
use crate::output::{Failure, Output};
use crate::verb::predict::saved_fit;

pub(crate) fn run(said: &VerifyArgs, output: &Output) -> Result<(), Failure> {
    let found = verify(&saved_fit(&said.fit, output)?)?;
    let versions = (found.versions.0.as_str(), found.versions.1.as_str());
    let doc = verification_document(
        &found.changed,
        versions,
        found.differing,
        &found.differences,
    );
    output.show(&doc, || json::text(&found))?;
    if found.same {
        Ok(())
    } else {
        Err(Failure::SaysNo)
    }
}
