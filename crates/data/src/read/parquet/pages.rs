//! The pages of one column chunk, in an order that its decoder can take.

use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};

/// Refuses codes of a dictionary that has not come: the decoder of the library panics on them. A byte of the dictionary's
/// header that is spoiled is enough.
pub(super) struct Pages {
    pages: Box<dyn PageReader>,
    dictionary: bool,
}

impl Pages {
    pub(super) fn new(pages: Box<dyn PageReader>) -> Self {
        Self {
            pages,
            dictionary: false,
        }
    }
}

/// Old writers call the encoding of codes PLAIN_DICTIONARY.
fn holds_codes(page: &Page) -> bool {
    let encoding = page.encoding();
    encoding == Encoding::RLE_DICTIONARY || encoding == Encoding::PLAIN_DICTIONARY
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.pages.get_next_page()?;
        match &page {
            Some(Page::DictionaryPage { .. }) => self.dictionary = true,
            Some(page) if holds_codes(page) && !self.dictionary => {
                return Err(ParquetError::General(
                    "codes of a dictionary come before the dictionary".to_owned(),
                ));
            }
            _ => (),
        }
        Ok(page)
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.pages.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.pages.skip_next_page()
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}
