// interoperability
