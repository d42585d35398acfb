//! What the runs of a ladder are trained on, made ready once for all of them: text that is read, a vocabulary that is
//! trained and kept.

use std::path::Path;

use isoflop_base::Diagnostics;
use isoflop_trainer::checkpoint::digest;
use isoflop_trainer::random::mix;
use isoflop_trainer::source::SourceSpec;
use isoflop_trainer::source::language::Language;
use isoflop_trainer::source::text::Split;
use isoflop_trainer::source::tokenizer::{Tokenizer, TokenizerSpec};

use crate::table;

/// Data as the runs get them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ready {
    /// The source, its vocabulary known.
    pub(crate) spec: SourceSpec,
    /// Of the text and of the tokenizer, so that others give other runs; 0 for a language, which its specification
    /// names.
    pub(crate) digest: u64,
}

/// Makes data ready. A vocabulary is trained if the folder has none for this text and size.
///
/// # Errors
///
/// Those of the text, the tokenizer and the language; `cannot-write`.
pub(crate) fn ready(
    spec: &SourceSpec,
    context: usize,
    folder: &Path,
) -> Result<Ready, Diagnostics> {
    let (paths, tokenizer) = match spec {
        SourceSpec::Synthetic(language) => {
            Language::new(*language)?;
            return Ok(Ready {
                spec: spec.clone(),
                digest: 0,
            });
        }
        SourceSpec::Text { paths, tokenizer } => (paths, tokenizer),
    };
    let text = Split::read(paths)?;
    let Some(said) = tokenizer else {
        text.check(None, context)?;
        return Ok(Ready {
            spec: spec.clone(),
            digest: text.digest(),
        });
    };
    let (path, tokenizer) = match said {
        TokenizerSpec::File { path, .. } => (path.clone(), Tokenizer::open(said, &text)?),
        TokenizerSpec::Bpe { vocabulary } => kept(*vocabulary, &text, folder)?,
    };
    text.check(Some(&tokenizer), context)?;
    let tokens = digest(tokenizer.json().as_bytes());
    Ok(Ready {
        digest: mix(text.digest() ^ tokens.rotate_left(2)),
        spec: SourceSpec::Text {
            paths: paths.clone(),
            tokenizer: Some(TokenizerSpec::File {
                path,
                vocabulary: Some(tokenizer.vocabulary()),
            }),
        },
    })
}

/// The vocabulary of a text, from the folder or trained and kept there. Its name says what it was trained on: another
/// text or another size is another file, and ladders may share a folder.
fn kept(
    vocabulary: usize,
    text: &Split,
    folder: &Path,
) -> Result<(String, Tokenizer), Diagnostics> {
    let name = format!("tokenizer-{vocabulary}-{:016x}.json", text.train_digest());
    let path = folder.join(name);
    let name = path.display().to_string();
    if path.exists() {
        let known = TokenizerSpec::File {
            path: name.clone(),
            vocabulary: Some(vocabulary),
        };
        let open = Tokenizer::open(&known, text);
        let open = open.map_err(|e| e.help(format!("or remove {name}: it is then made again")))?;
        return Ok((name, open));
    }
    let trained = Tokenizer::open(&TokenizerSpec::Bpe { vocabulary }, text)?;
    std::fs::create_dir_all(folder).map_err(|e| table::cannot_write(folder, &e))?;
    table::write_file(&path, trained.json().as_bytes())?;
    Ok((name, trained))
}

/// A source as it counts in the key of a run: by what it says, not by where it lies, since the ladder may be run from
/// another folder.
pub(crate) fn placeless(spec: &SourceSpec) -> SourceSpec {
    match spec {
        SourceSpec::Text { tokenizer, .. } => SourceSpec::Text {
            paths: Vec::new(),
            tokenizer: tokenizer.as_ref().map(|tokenizer| TokenizerSpec::File {
                path: String::new(),
                vocabulary: Some(tokenizer.vocabulary()),
            }),
        },
        language @ SourceSpec::Synthetic(_) => language.clone(),
    }
}

#[cfg(all(test, feature = "bpe"))]
mod tests {
    use super::*;

    /// The documents of this repository.
    fn docs(vocabulary: usize) -> SourceSpec {
        SourceSpec::Text {
            paths: vec!["../../docs/*.md".to_owned()],
            tokenizer: Some(TokenizerSpec::Bpe { vocabulary }),
        }
    }

    #[test]
    fn a_vocabulary_is_trained_once_and_counts_in_the_digest() {
        let folder = std::env::temp_dir().join(format!("isoflop-tokens-{}", std::process::id()));
        let files = || {
            let mut names: Vec<_> = std::fs::read_dir(&folder)
                .unwrap()
                .map(|e| {
                    (
                        e.as_ref().unwrap().path(),
                        e.unwrap().metadata().unwrap().modified().unwrap(),
                    )
                })
                .collect();
            names.sort();
            names
        };
        let first = ready(&docs(300), 32, &folder).unwrap();
        assert_eq!(first.spec.vocabulary(), 300);
        let made = files();
        assert_eq!(ready(&docs(300), 32, &folder).unwrap(), first);
        assert_eq!(files(), made);
        let other = ready(&docs(301), 32, &folder).unwrap();
        assert_ne!(other.digest, first.digest);
        assert_eq!(files().len(), 2);

        // The file that was kept is the same tokenizer wherever it lies.
        let moved = folder.join("mine.json");
        std::fs::copy(&made[0].0, &moved).unwrap();
        let mut named = docs(300);
        if let SourceSpec::Text { tokenizer, .. } = &mut named {
            *tokenizer = Some(TokenizerSpec::File {
                path: moved.display().to_string(),
                vocabulary: None,
            });
        }
        let named = ready(&named, 32, &folder).unwrap();
        assert_eq!(named.digest, first.digest);
        assert_eq!(placeless(&named.spec), placeless(&first.spec));

        std::fs::write(&made[0].0, "{}").unwrap();
        let fault = ready(&docs(300), 32, &folder).unwrap_err().0.remove(0);
        assert_eq!(fault.code, "bad-tokenizer");
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
