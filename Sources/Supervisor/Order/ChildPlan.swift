/// What is to run, and how it is looked after. It holds no secret: those are lent beside it.
public struct ChildPlan: Hashable, Sendable {
    /// The program's absolute path, found once (`Executable`).
    public var executable: String
    /// Its arguments, the name it is called by first.
    public var arguments: [String]
    /// All it sees of the environment, besides the variables that tell where secrets are.
    public var environment: [String: String]
    /// The folder it starts in; `nil` for the folder of now.
    public var folder: String?
    public var limits: Limits
    /// Where it listens; `nil` for a child that nobody calls.
    public var port: PortPlan?
    public var restart: RestartRules
    public var rotation: Rotation
    /// Seconds it has to end after it was asked to, before it is ended by force.
    public var grace: Double
    public var streams: Streams

    public init(
        executable: String,
        arguments: [String],
        environment: [String: String] = [:],
        folder: String? = nil,
        limits: Limits = Limits(),
        port: PortPlan? = nil,
        restart: RestartRules = RestartRules(),
        rotation: Rotation = .restart,
        grace: Double = 5,
        streams: Streams = .drained
    ) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
        self.folder = folder
        self.limits = limits
        self.port = port
        self.restart = restart
        self.rotation = rotation
        self.grace = grace
        self.streams = streams
    }

    /// What it may take of the machine. Core dumps are always off (SEC-404), and no exec below gains privileges.
    public struct Limits: Hashable, Sendable {
        /// Bytes of memory that it and all below it may have in RAM together; beyond them it is started again.
        public var memory: Int?
        /// Open files of each process (RLIMIT_NOFILE).
        public var descriptors: Int?
        /// Processes of the user (RLIMIT_NPROC).
        public var processes: Int?
        /// Bytes of address space of each process (RLIMIT_AS).
        public var addressSpace: Int?

        public init(
            memory: Int? = nil,
            descriptors: Int? = nil,
            processes: Int? = nil,
            addressSpace: Int? = nil
        ) {
            self.memory = memory
            self.descriptors = descriptors
            self.processes = processes
            self.addressSpace = addressSpace
        }
    }

    /// A port on 127.0.0.1 that the child is to listen on.
    public struct PortPlan: Hashable, Sendable {
        /// 0 for one that is free.
        public var number: UInt16
        /// The variable that tells it to the child, where one does.
        public var variable: String?
        /// What `GET` must answer with 200; `nil` where it is enough that somebody listens.
        public var health: String?
        /// Seconds from the start until it must answer.
        public var startLimit: Double = 15
        /// Seconds between two questions whether it lives.
        public var interval: Double = 5
        /// Questions in a row without an answer until it is started again.
        public var misses = 3

        public init(_ number: UInt16, variable: String? = nil, health: String? = "/health") {
            self.number = number
            self.variable = variable
            self.health = health
        }
    }

    /// What becomes of the child when a secret it has was replaced.
    public enum Rotation: Hashable, Sendable {
        /// Nothing: it keeps the old one until it starts again by itself.
        case ignore
        /// Its files are replaced, and it is sent this signal.
        case signal(Int32)
        /// It is ended, and started with the new one.
        case restart
        /// Another one is started, and when that is ready the old one ends: on the same port where both can share it, or on
        /// another one where `PortPlan.number` is 0.
        case overlap
    }

    /// Where what it says goes.
    public enum Streams: Hashable, Sendable {
        /// Both streams are read to the last byte and kept as lines; nothing is on its standard input.
        case drained
        /// It has the streams of this process. Where `takesTerminal`, its group becomes the terminal's foreground.
        case inherited(takesTerminal: Bool)
        /// Both streams are read and scrubbed and passed on; it has the standard input of this process.
        case passedOn
    }
}

/// When and how fast a child that ended is started again.
public struct RestartRules: Hashable, Sendable {
    public enum When: String, Hashable, Sendable, CaseIterable {
        case never
        /// Unless it ended with status 0.
        case onFailure = "on-failure"
        case always
    }

    public var when: When
    /// Seconds before the first start again; each further one waits twice as long.
    public var first = 0.5
    public var longest = 30.0
    /// The part of a pause that chance adds or takes.
    public var jitter = 0.2
    /// Seconds of health after which everything before is forgotten.
    public var healthy = 60.0
    /// So many starts within `window` seconds are enough.
    public var mostStarts = 5
    public var window = 60.0

    public init(_ when: When = .always) {
        self.when = when
    }
}
