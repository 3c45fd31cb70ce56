using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Countersign.Server.Cli.Hook;

/// <summary>
/// A coding agent: how it calls its hooks and how it wants to be answered. Only what blocks in every version is used:
/// exit code 2 with one line of plain text on the standard error and nothing on the standard output. Most agents run
/// the tool after exit code 1, after text they do not understand, after a signal and after their own time limit.
/// </summary>
internal abstract class HookHost
{
    /// <summary>The exit code that every agent takes for a refusal.</summary>
    public const int Blocked = 2;

    /// <summary>Longest reason; some agents cut theirs at 10,000 characters, and a cut JSON is none.</summary>
    private const int MaxReason = 4000;

    public static IReadOnlyList<HookHost> All { get; } =
        [new ClaudeCodeHost(), new CodexHost(), new GeminiHost(), new CursorHost(), new CopilotHost()];

    /// <summary>The name on the command line, and <c>host</c> of the action.</summary>
    public abstract string Name { get; }

    /// <summary>How people call it.</summary>
    public abstract string Title { get; }

    /// <summary>How long it waits for a hook unless its settings say otherwise.</summary>
    public abstract TimeSpan DefaultTimeout { get; }

    /// <summary>
    /// Tools whose input has a <c>description</c> of the model's own, which is claimed and no argument.
    /// </summary>
    public abstract IReadOnlyList<string> Described { get; }

    public static HookHost? Find(string name) => All.FirstOrDefault(host => host.Name == name);

    /// <param name="told">What the hook was given on its standard input.</param>
    /// <param name="eventName">The event from the command line, for agents that do not tell it.</param>
    /// <exception cref="HookFailure">It is nothing this agent is known to tell.</exception>
    public abstract HookEvent Read(JsonElement told, string? eventName);

    /// <summary>The form of an answer; <paramref name="use"/> is <c>null</c> when the call could not be read.</summary>
    public abstract HookOutput Write(HookAnswer answer, ToolUse? use);

    /// <summary>Whether reviewers' changes of a call can be carried out.</summary>
    public virtual bool CanReplace(ToolUse use, ReadOnlyMemory<byte> input) => true;

    protected static HookOutput Refusal(string reason) => new(Blocked, "", Line(reason) + "\n");

    /// <summary>One line that is not empty: an agent that gets no text runs the tool.</summary>
    protected static string Line(string reason)
    {
        var line = Core.Reviews.DisplayText.OneLine(reason).Text.Trim();
        return line.Length switch
        {
            0 => "Countersign blocked this call.",
            > MaxReason => line[..MaxReason] + "…",
            _ => line,
        };
    }

    /// <summary>An object as text, written by hand: names are the agent's, and their order stays.</summary>
    protected static string Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    protected static void WriteRaw(Utf8JsonWriter json, string name, ReadOnlyMemory<byte> value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(value.Span);
    }

    protected static string Text(JsonElement told, string name) => FindText(told, name)
        ?? throw new HookFailure($"The hook was not told '{name}', so that nobody knows what would run.");

    protected static string? FindText(JsonElement told, string name) =>
        told.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    protected static JsonElement Object(JsonElement told, string name) =>
        told.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : throw new HookFailure($"The hook was told no object '{name}', so that nobody knows what would run.");

    protected static HookFailure UnknownEvent(string? name) => new(
        $"The hook is installed for '{name ?? "an event without a name"}', which it does not know; install it again "
        + "with 'countersign hook CLIENT --install'.");
}
