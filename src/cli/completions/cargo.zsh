
# `cargo pyx WORDS` is completed as `cargo-pyx WORDS`; the rest of cargo as before.
function _cargo_pyx_beside_cargo() {
    local -i at=2
    [[ ${words[2]} == +* ]] && at=3
    if (( CURRENT > at )) && [[ ${words[at]} == pyx ]]; then
        words=(cargo-pyx "${(@)words[at+1,-1]}")
        (( CURRENT -= at - 1 ))
        _clap_dynamic_completer_cargo_pyx
    elif [[ -n $_cargo_pyx_before_us ]]; then
        $_cargo_pyx_before_us "$@"
    else
        _default
    fi
}
if [[ ${_comps[cargo]-} != _cargo_pyx_beside_cargo ]]; then
    typeset -g _cargo_pyx_before_us=${_comps[cargo]-}
fi
compdef _cargo_pyx_beside_cargo cargo
