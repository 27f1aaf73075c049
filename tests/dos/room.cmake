# Drivers and the programs that talk to them, as a person runs them.
add_test(NAME dos.pairs COMMAND tests/dos/pairs.sh $<TARGET_FILE:vxd> WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
set_tests_properties(dos.pairs PROPERTIES LABELS dos TIMEOUT 120)
add_test(NAME dos.cards COMMAND tests/dos/cards/run.sh $<TARGET_FILE:vxd> WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
set_tests_properties(dos.cards PROPERTIES LABELS dos TIMEOUT 120)
add_test(NAME dos.odd COMMAND tests/dos/odd.sh $<TARGET_FILE:vxd> WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
set_tests_properties(dos.odd PROPERTIES LABELS dos TIMEOUT 120)
