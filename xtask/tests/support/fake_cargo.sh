#!/bin/sh
# Takes the place of cargo: writes down how it was started and does what the test says.
echo "$(pwd -P)|$*|$CARGO_TARGET_DIR|$CARGO_PKG_NAME" >> "$FAKE_CARGO_CALLS"
eval "$FAKE_CARGO_THEN"
