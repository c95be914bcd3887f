//! The types of a list of switches, in four variants: with serde's derive or the compact
//! implementation, with and without unknown fields.

#![allow(unreachable_pub, reason = "generated types are public")]

use serde::de::MapAccess;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::compact_serde::{self, FromMap, StringEnum};

macro_rules! types {
    ($form:ident) => {
        use super::*;

        $form! { pub(crate) struct Switches {
            0 "cursor" cursor: Option<String>,
            1 "sort_ascending" sort_ascending: Option<bool>,
            2 "sort_by" sort_by: Option<String>,
            3 "result_count" result_count: Option<i64>,
            _ "results" results: Option<Vec<Switch>>,
        } {} }

        $form! { pub(crate) struct Switch {
            0 "_schema" schema: Option<String>,
            1 "_revision" revision: Option<i32>,
            2 "_system_owned" system_owned: Option<bool>,
            3 "display_name" display_name: Option<String>,
            4 "description" description: Option<String>,
            5 "tags" tags: Option<Vec<Tag>>,
            6 "_create_user" create_user: Option<String>,
            7 "_protection" protection: Option<String>,
            8 "_create_time" create_time: Option<i64>,
            9 "_last_modified_time" last_modified_time: Option<i64>,
            10 "_last_modified_user" last_modified_user: Option<String>,
            11 "id" id: Option<String>,
            12 "resource_type" resource_type: Option<String>,
            13 "replication_mode" replication_mode: Option<Replication>,
            14 "vlan" vlan: Option<i64>,
            15 "vni" vni: Option<i32>,
            16 "address_bindings" address_bindings: Option<Vec<Binding>>,
            17 "span" span: Option<Vec<String>>,
            18 "switching_profile_ids" profiles: Option<Vec<Profile>>,
        } {
            19 "admin_state" admin_state: State,
            _ "transport_zone_id" transport_zone_id: String,
        } }

        $form! { pub(crate) struct Tag {
            0 "scope" scope: Option<String>,
            _ "tag" tag: Option<String>,
        } {} }

        $form! { pub(crate) struct Binding {
            0 "vlan" vlan: Option<i64>,
            1 "ip_address" ip_address: Option<String>,
            _ "mac_address" mac_address: Option<String>,
        } {} }

        $form! { pub(crate) struct Profile {} {
            0 "key" key: Kind,
            _ "value" value: String,
        } }

        $form! { pub(crate) enum State { "UP" Up, "DOWN" Down, } }

        $form! { pub(crate) enum Replication { "MTEP" Mtep, "SOURCE" Source, } }

        $form! { pub(crate) enum Kind {
            "QosSwitchingProfile" Qos,
            "PortMirroringSwitchingProfile" PortMirroring,
            "IpDiscoverySwitchingProfile" IpDiscovery,
            "MacManagementSwitchingProfile" MacManagement,
            "SpoofGuardSwitchingProfile" SpoofGuard,
            "SwitchSecuritySwitchingProfile" SwitchSecurity,
        } }
    };
}

pub(crate) mod derived {
    types!(derived);
}

pub(crate) mod derived_flatten {
    types!(derived_flatten);
}

pub(crate) mod compact_skip {
    types!(compact);
}

pub(crate) mod compact_extra {
    types!(compact_extra);
}
