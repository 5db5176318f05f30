/// One reading of a configuration: where it stands, where every value came from, and what was wrong so far.
struct Reading {
    /// The most faults that are collected; the rest would not be read by anybody.
    static let most = 100
    /// The most nodes that are looked at. A file reaches it only by aliases of aliases.
    static let budget = 100_000

    /// The file's name as the operator gave it, or `nil` when there is none.
    let file: String?
    let variables: [String: String]
    let flags: [String: String]
    /// Keys and entries from the root to where the reading stands.
    var path: [String] = []
    private(set) var faults: [Configuration.Fault] = []
    private var places: [[String]: Configuration.Place] = [:]
    private var faulty: Set<[String]> = []
    private var visited = 0
    private var isBroken = false

    init(file: String?, variables: [String: String], flags: [String: String]) {
        self.file = file
        self.variables = variables
        self.flags = flags
    }

    mutating func within<Result>(_ step: String, _ body: (inout Reading) -> Result) -> Result {
        path.append(step)
        let result = body(&self)
        path.removeLast()
        return result
    }

    /// Notes that the value at the current path was given at `place`.
    mutating func note(_ place: Configuration.Place) {
        places[path] = place
    }

    /// Where the value at `path` was given, or `nil` when nobody gave it.
    func place(of path: [String]) -> Configuration.Place? {
        places[path]
    }

    /// The place of `path`, or of the nearest section around it that somebody wrote.
    func nearestPlace(to path: [String]) -> Configuration.Place {
        var path = path
        while !path.isEmpty {
            if let place = places[path] { return place }
            path.removeLast()
        }
        return file.map { .file($0, line: 1, column: 1) } ?? .nowhere
    }

    mutating func fault(_ place: Configuration.Place, _ message: String, hint: String? = nil) {
        let fault = Configuration.Fault(place: place, message: message, hint: hint)
        faulty.insert(path)
        guard faults.count < Self.most, !faults.contains(fault) else { return }
        faults.append(fault)
    }

    /// Whether something at or below `path` was found wrong, so that a further fault would only repeat it.
    func hasFault(below path: [String]) -> Bool {
        faulty.contains { $0.starts(with: path) }
    }

    /// Whether the file could be looked at as a whole.
    var isComplete: Bool { !isBroken }

    /// The faults of the file in its order, then all others.
    var faultsInOrder: [Configuration.Fault] {
        func rank(_ fault: Configuration.Fault) -> (Int, Int) {
            if case .file(_, let line, let column) = fault.place { (line, column) } else { (.max, 0) }
        }
        return faults.enumerated().sorted { left, right in
            let (first, second) = (rank(left.element), rank(right.element))
            return first == second ? left.offset < right.offset : first < second
        }.map(\.element)
    }

    /// Notes that the file cannot be looked at as a whole.
    mutating func giveUp(_ place: Configuration.Place, _ message: String, hint: String? = nil) {
        isBroken = true
        fault(place, message, hint: hint)
    }

    /// Whether one more node may be looked at.
    mutating func visit() -> Bool {
        visited += 1
        if visited == Self.budget {
            giveUp(
                nearestPlace(to: []),
                "the file unfolds into more than \(Self.budget) values",
                hint: "use fewer aliases"
            )
        }
        return visited < Self.budget
    }

    /// How a fault at `place` calls the value at the current path.
    func subject(at place: Configuration.Place) -> String {
        switch place {
        case .variable(let name), .flag(let name): name
        case .file, .nowhere: "`\(Self.spell(path))`"
        }
    }

    /// A path as people write it: `identity.jwt[0].jwks`.
    static func spell(_ path: [String]) -> String {
        var text = ""
        for step in path {
            if !text.isEmpty, !step.utf8.starts(with: "[".utf8) { text += "." }
            text += printable(step)
        }
        return text
    }

    /// The operator's own name for something, fit for a terminal.
    static func printable(_ name: String, most: Int = 64) -> String {
        var text = ""
        for scalar in name.unicodeScalars.prefix(most) {
            switch scalar.properties.generalCategory {
            case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator:
                text += "?"
            default:
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}
