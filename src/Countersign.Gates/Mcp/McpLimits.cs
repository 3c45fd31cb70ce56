namespace Countersign.Gates.Mcp;

/// <summary>What clients and upstream servers may cost this gate.</summary>
internal sealed record McpLimits
{
    /// <summary>
    /// Sessions kept in memory; idle ones make room, because their ids carry all that is needed to resume.
    /// </summary>
    public int Sessions { get; init; } = 10_000;

    /// <summary>
    /// Sessions of one agent kept in memory, since each may cost a process; its idle ones make room for its new ones.
    /// </summary>
    public int SessionsPerAgent { get; init; } = 500;

    /// <summary>Requests of one session that are being answered at the same time.</summary>
    public int RequestsPerSession { get; init; } = 64;

    /// <summary>
    /// Tool calls of one agent that wait or run at the same time, over all of its sessions on this node.
    /// </summary>
    public int CallsPerAgent { get; init; } = 256;

    /// <summary>Questions of an upstream server that wait for one client's answer.</summary>
    public int QuestionsPerSession { get; init; } = 64;

    /// <summary>Messages kept for a client that has no stream open; the oldest are dropped.</summary>
    public int Mailbox { get; init; } = 256;

    /// <summary>Ended session ids that are remembered.</summary>
    public int EndedSessions { get; init; } = 100_000;

    /// <summary>Pages of <c>tools/list</c> that are read to find one tool.</summary>
    public int ToolPages { get; init; } = 100;

    /// <summary>How long a session id is accepted.</summary>
    public TimeSpan SessionLifetime { get; init; } = TimeSpan.FromDays(30);

    /// <summary>When the upstream connection of a session that does nothing is closed.</summary>
    public TimeSpan IdleSession { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>How long a tool's definition is trusted before the upstream server is asked again.</summary>
    public TimeSpan DefinitionFreshness { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a task can be asked for after it ended.</summary>
    public TimeSpan TaskRetention { get; init; } = TimeSpan.FromDays(1);

    /// <summary>How often clients are told to ask for a task.</summary>
    public TimeSpan TaskPolling { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How long connecting to an upstream server, with its initialize, may take.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long an upstream server may take to take a message. A program that does not read for so long is ended.
    /// </summary>
    public TimeSpan Send { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a request other than a tool call may take.</summary>
    public TimeSpan Request { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Previews of one agent's requests over the API that are made at the same time on this node; each opens a
    /// connection.
    /// </summary>
    public int PreviewsPerAgent { get; init; } = 32;

    /// <summary>How long a target may take to say what a call would do; then nobody knows.</summary>
    public TimeSpan Preview { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// When an answer that is not ready becomes an event stream: the first byte leaves within 250 ms.
    /// </summary>
    public TimeSpan FirstByte { get; init; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Time between signs of life on a waiting stream.</summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(10);
}
