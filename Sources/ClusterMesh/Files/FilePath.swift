/// A path that stands in a file: one that does not begin with `/` is meant to stand beside that file.
func path(_ path: String, beside file: String) -> String {
    guard !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
    return String(file[...slash]) + path
}
