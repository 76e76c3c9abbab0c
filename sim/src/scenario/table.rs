//! The measures of many scenarios beside each other.
