# What ddk/ and docs/ have from the tables is as fresh as the tables.
add_test(NAME kit.generated_files_are_fresh COMMAND kitgen --check ${KIT_GENERATED})
set_tests_properties(kit.generated_files_are_fresh PROPERTIES LABELS kit)
