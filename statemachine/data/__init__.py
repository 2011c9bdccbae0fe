"""Data of the language: everything that reads, makes or places a value.

Each compiler is called once a field, by `parse`.

`field` is the place as AWS's messages name it, from the state's own level: `InputPath`, `Parameters`,
`Arguments`, `Output`, `Assign`, `Choices[0]/Condition`, `Catch[0]/Output`, ...; templates add their own keys to it
(`Output/total`). What is wrong with a field's text is a `field_error.FieldError`, whose `at` is a JSON pointer
below the field. Everything compiled is immutable, and safe to share between executions.

    field_error   FieldError(message, at="")
    constant      Constant(value)                                      a Value that is itself
    paths         compile_path(text, field) -> Value                   InputPath, OutputPath, ...
                  compile_reference_value(text, field) -> Value        ItemsPath, SecondsPath, Variable, ...
                  compile_reference(text, field="ResultPath") -> Place
    intrinsics    compile_intrinsic(text, field) -> Value              `States.Format(...)`
                  compile_path_or_intrinsic(text, field) -> Value      ErrorPath, CausePath
    template      compile_template(json, field) -> Value               Parameters, ResultSelector, ItemSelector, ...
    choice        compile_condition(rule) -> Condition                 a JSONPath rule without Next and Assign
    jsonata       is_jsonata(json) -> bool                             a string in `{% %}`
                  compile_jsonata(text, field, expect=None) -> Value   `expect`: array, boolean, number, string, object
                  compile_jsonata_template(json, field) -> Value       `{% %}` anywhere
                  compile_jsonata_condition(text, field) -> Condition
    variables     compile_assign(json, language) -> Value              evaluates to the new variables by name
                  check_sizes(new, visible_bytes) -> int
                  references(value) -> frozenset[str]                  the variables that a compiled field reads
    json_text     dumps(value) -> str, size_of(value) -> int           text as AWS writes it, and its UTF-8 length
                  number_text(x) -> str
"""
