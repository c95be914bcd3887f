#!/usr/bin/env bash
# The first steps of a new user, in a fresh clone: runs the demo, changes a description and checks
# that the docs show it, adds a field and checks the diff, and runs a program that uses the SDK.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v git >/dev/null; then
    echo 'Skipped: git is not installed.'
    exit
fi

temp_dir=$(mktemp -d)
trap 'rm -rf "$temp_dir"' EXIT
# Reuses the compiled dependencies of this checkout.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

fail() {
    echo "quickstart: $*" >&2
    exit 1
}

# Usage: expect_output TEXT COMMAND... Runs the command and fails unless its output contains TEXT.
expect_output() {
    local text=$1 output
    shift
    printf '\n$ %s\n' "$*"
    output=$("$@" 2>&1) || {
        printf '%s\n' "$output"
        fail "$* failed"
    }
    grep -F -- "$text" <<<"$output" || {
        printf '%s\n' "$output"
        fail "the output of $* does not contain: $text"
    }
}

# Usage: edit FILE PATTERN REPLACEMENT. Fails if the file has no line that matches PATTERN.
edit() {
    grep -q -- "$2" "$1" || fail "no line in $1 matches: $2"
    sed -i.orig "s/$2/$3/" "$1"
    rm "$1.orig"
}

clone() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git clone --quiet . "$temp_dir/nsx-sdk"
    else
        mkdir -p "$temp_dir/nsx-sdk"
        tar --exclude ./target -cf - . | tar -xf - -C "$temp_dir/nsx-sdk"
        git -C "$temp_dir/nsx-sdk" init --quiet
        git -C "$temp_dir/nsx-sdk" add --all
        git -C "$temp_dir/nsx-sdk" -c user.name=quickstart -c user.email=quickstart@example.com commit --quiet -m start
    fi
    cd "$temp_dir/nsx-sdk"
}

change_a_description() {
    local summary='Mint a token for one more node'
    edit spec/nsx.yaml 'summary: Create a registration token' "summary: $summary"
    expect_output 'access_token.rs' cargo xtask generate
    expect_output 'no broken links' cargo xtask docs
    grep -qF "$summary" "$CARGO_TARGET_DIR/doc/nsx_api/struct.Client.html" ||
        fail 'the SDK docs have the old summary'
    grep -qF "$summary" "$CARGO_TARGET_DIR/doc/api-reference/document.js" ||
        fail 'the API reference has the old summary'
}

add_a_field() {
    edit spec/nsx.yaml '^        token:$' \
        '        expires_at:\n          description: Expiry time, in seconds since 1970.\n          type: integer\n&'
    expect_output 'breaking    property `expires_at` added: `Option<i64>`' cargo xtask diff
    expect_output 'types.rs' cargo xtask generate
}

write_a_program() {
    mkdir -p "$temp_dir/program/src"
    cp Cargo.lock "$temp_dir/program/"
    cat >"$temp_dir/program/Cargo.toml" <<-'TOML'
		[package]
		name = "program"
		version = "0.1.0"
		edition = "2024"

		[dependencies]
		nsx-api = { path = "../nsx-sdk/nsx-api", features = ["mock"] }
		tokio = { version = "1", features = ["macros", "rt-multi-thread"] }

		# As in the workspace, whose dependencies it reuses.
		[profile.dev]
		debug = "line-tables-only"
	TOML
    cat >"$temp_dir/program/src/main.rs" <<-'RUST'
		use nsx_api::{Client, ErrorKind, auth::Session, mock::Manager};

		#[tokio::main]
		async fn main() -> Result<(), Box<dyn std::error::Error>> {
		    let manager = Manager::start().await?;
		    let client = Client::builder(manager.url())
		        .auth(Session::new(manager.username(), manager.password()))
		        .ca_pem(manager.ca_pem())
		        .build()?;

		    let registration = client.create_registration_token().send().await?;
		    println!("roles {:?}, expires {:?}", registration.roles, registration.expires_at);

		    manager.respond_with(412);
		    match client.create_registration_token().send().await {
		        Err(error) if error.kind() == ErrorKind::PreconditionFailed => println!("cannot create a token: {error}"),
		        other => println!("{other:?}"),
		    }
		    client.close().await;
		    Ok(())
		}
	RUST
    expect_output 'cannot create a token: ' cargo run --quiet --manifest-path "$temp_dir/program/Cargo.toml"
}

clone
expect_output 'CreateRegistrationToken: 200' cargo xtask demo
change_a_description
add_a_field
write_a_program
