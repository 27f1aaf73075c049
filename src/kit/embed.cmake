# Writes OUTPUT, a C file that holds every FILES entry as bytes (kit/ddk.h describes the table).
# cmake -DOUTPUT=... -DFILES=a;b -P embed.cmake
set(arrays "")
set(rows "")
set(number 0)
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  string(TOLOWER ${name} name)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const char file_${number}[] = {${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", file_${number}, sizeof file_${number} - 1},\n")
  math(EXPR number "${number} + 1")
endforeach()
file(WRITE ${OUTPUT} "#include \"kit/ddk.h\"\n\n${arrays}
const struct kit_file kit_ddk_files[] = {\n${rows}};
const size_t kit_ddk_file_count = sizeof kit_ddk_files / sizeof *kit_ddk_files;\n")
