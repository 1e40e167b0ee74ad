//! Appends of one group see each other as if each had come alone.
