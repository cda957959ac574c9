# `cargo pyx WORDS` is completed as `cargo-pyx WORDS`; the rest of cargo as before.
function __cargo_pyx_words
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    string match --quiet -- '+*' $words[2]; and set --erase words[2]
    test "$words[2]" = pyx; and printf '%s\n' cargo-pyx $words[3..-1]
end
complete --keep-order --exclusive --command cargo --condition "__cargo_pyx_words >/dev/null" --arguments "(CARGO_PYX_COMPLETE=fish cargo-pyx -- (__cargo_pyx_words) (commandline --current-token))"
