# `cargo pyx WORDS` is completed as `cargo-pyx WORDS`.
Register-ArgumentCompleter -Native -CommandName cargo -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Where-Object { $_.Extent.StartOffset -lt $cursorPosition } | ForEach-Object { $_.Extent.Text })
    $rest = @($words | Select-Object -Skip 1 | Where-Object { $_ -notlike '+*' })
    if ($rest.Count -eq 0 -or $rest[0] -ne 'pyx') { return }
    $rest = @($rest | Select-Object -Skip 1)
    if ($wordToComplete -eq '') { $rest += '' }
    $before = $env:CARGO_PYX_COMPLETE
    $env:CARGO_PYX_COMPLETE = 'powershell'
    $found = & cargo-pyx -- cargo-pyx @rest
    $env:CARGO_PYX_COMPLETE = $before
    $found | ForEach-Object {
        $value, $help = $_.Split("`t", 2)
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $help)
    }
}
