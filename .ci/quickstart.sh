#!/usr/bin/env bash
# What somebody does who has just found the project, from a fresh clone: the demo, a change of a description that shows up in the docs, a
# field more and what that means for users, and a program of their own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! command -v git >/dev/null; then
    echo 'Left out: there is no git to clone and to compare with.'
    exit
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# What others wrote is not built anew.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}

fail() {
    echo "newcomer: $*" >&2
    exit 1
}

# Runs a command and wants a text in what it prints.
says() {
    local text=$1 output
    shift
    printf '\n$ %s\n' "$*"
    output=$("$@" 2>&1) || {
        printf '%s\n' "$output"
        fail "$* failed"
    }
    grep -F -- "$text" <<<"$output" || {
        printf '%s\n' "$output"
        fail "$* does not say: $text"
    }
}

# Replaces a line of a file, which must be there.
edit() {
    grep -q -- "$2" "$1" || fail "$1 has no line with: $2"
    sed -i.orig "s/$2/$3/" "$1"
    rm "$1.orig"
}

clone() {
    if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
        git clone --quiet . "$folder/nsx-sdk"
    else
        mkdir -p "$folder/nsx-sdk"
        tar --exclude ./target -cf - . | tar -xf - -C "$folder/nsx-sdk"
        git -C "$folder/nsx-sdk" init --quiet
        git -C "$folder/nsx-sdk" add --all
        git -C "$folder/nsx-sdk" -c user.name=newcomer -c user.email=newcomer@example.com commit --quiet -m start
    fi
    cd "$folder/nsx-sdk"
}

change_a_description() {
    local words='Mint a token for one more node'
    edit spec/nsx.yaml 'summary: Create a registration token' "summary: $words"
    says 'access_token.rs' cargo xtask generate
    says 'every link leads somewhere' cargo xtask docs
    grep -qF "$words" "$CARGO_TARGET_DIR/doc/nsx_api/struct.Client.html" || fail 'the docs of the SDK have the old words'
    grep -qF "$words" "$CARGO_TARGET_DIR/doc/api-reference/document.js" || fail 'the reference has the old words'
}

add_a_field() {
    edit spec/nsx.yaml '^        token:$' \
        '        expires_at:\n          description: When it ends, in seconds since 1970.\n          type: integer\n&'
    says 'breaking    property `expires_at` added: `Option<i64>`' cargo xtask diff
    says 'types.rs' cargo xtask generate
}

write_a_program() {
    mkdir -p "$folder/program/src"
    cp Cargo.lock "$folder/program/"
    cat >"$folder/program/Cargo.toml" <<-'TOML'
		[package]
		name = "program"
		version = "0.1.0"
		edition = "2024"

		[dependencies]
		nsx-api = { path = "../nsx-sdk/nsx-api", features = ["mock"] }
		tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
	TOML
    cat >"$folder/program/src/main.rs" <<-'RUST'
		use nsx_api::{Client, ErrorKind, auth::Session, mock::Manager};

		#[tokio::main]
		async fn main() -> Result<(), Box<dyn std::error::Error>> {
		    let manager = Manager::start().await?;
		    let client = Client::builder(manager.url())
		        .auth(Session::new(manager.username(), manager.password()))
		        .ca_pem(manager.ca_pem())
		        .build()?;

		    let registration = client.create_registration_token().send().await?;
		    println!("roles {:?}, ends {:?}", registration.roles, registration.expires_at);

		    manager.respond_with(412);
		    match client.create_registration_token().send().await {
		        Err(error) if error.kind() == ErrorKind::PreconditionFailed => println!("not now: {error}"),
		        other => println!("{other:?}"),
		    }
		    client.close().await;
		    Ok(())
		}
	RUST
    says 'not now: ' cargo run --quiet --manifest-path "$folder/program/Cargo.toml"
}

clone
says 'CreateRegistrationToken: 200' cargo xtask demo
change_a_description
add_a_field
write_a_program
