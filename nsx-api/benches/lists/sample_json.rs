//! The JSON of the lists.

/// A list of `count` switches. Their fields are not in the order of the document. `unknown_fields`
/// is inserted into each switch.
pub(crate) fn switch_list(count: u32, unknown_fields: &str) -> String {
    let switches: Vec<String> = (0..count)
        .map(|number| switch(number, unknown_fields))
        .collect();
    let switches = switches.join(",");
    format!(
        r#"{{"results":[{switches}],"result_count":{count},"sort_by":"display_name","sort_ascending":true}}"#
    )
}

fn switch(number: u32, unknown_fields: &str) -> String {
    let (id, zone, spoof, qos) = (id(number), id(7), id(8), id(9));
    let state = if number.is_multiple_of(7) {
        "DOWN"
    } else {
        "UP"
    };
    let tags = (0..number % 4).map(|tag| format!(r#"{{"scope":"s{tag}","tag":"tag {number}"}}"#));
    let tags = tags.collect::<Vec<_>>().join(",");
    let vni = 69_632 + number;
    let time = 1_584_000_000_000 + u64::from(number);
    let revision = number % 5;
    [
        r#"{"switching_profile_ids":["#,
        &format!(r#"{{"key":"SpoofGuardSwitchingProfile","value":"{spoof}"}},"#),
        &format!(r#"{{"key":"QosSwitchingProfile","value":"{qos}"}}],"#),
        &format!(r#""transport_zone_id":"{zone}","vni":{vni},"admin_state":"{state}","#),
        r#""replication_mode":"MTEP","address_bindings":[],"resource_type":"LogicalSwitch","#,
        &format!(
            r#""id":"{id}","display_name":"switch {number}","tags":[{tags}],{unknown_fields}"#
        ),
        &format!(r#""_create_user":"admin","_create_time":{time},"_last_modified_user":"admin","#),
        &format!(r#""_last_modified_time":{time},"_system_owned":false,"#),
        &format!(r#""_protection":"NOT_PROTECTED","_revision":{revision}}}"#),
    ]
    .concat()
}

fn id(number: u32) -> String {
    let scattered = number.wrapping_mul(2_654_435_761);
    format!("{scattered:08x}-57a6-4954-be90-{number:012x}")
}
