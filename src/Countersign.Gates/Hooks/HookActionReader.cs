using System.Text.Json;
using Countersign.Core.Actions;
using Countersign.Gates.Access;

namespace Countersign.Gates.Hooks;

/// <summary>
/// What a hook asks on a target with <c>gate: hook</c>: the operation is the tool's name, the arguments are
/// <c>{host, cwd, input}</c>. Session, call id and the model's own description are not among them, so that the same
/// call made again is the same action and attaches.
/// </summary>
internal static class HookActionReader
{
    private const string Shape =
        "On a target with gate: hook, 'arguments' is {\"host\": the coding agent, \"cwd\": its working directory, "
        + "\"input\": the tool's input}, with texts, and an object as input; see 'countersign hook'.";

    /// <summary>Deeper than any limit that the body passed.</summary>
    private const int MaxDepth = 1024;

    private static readonly string[] s_members = ["cwd", "host", "input"];

    /// <summary>
    /// What the doctor asks for. It is never taken, whatever the policy says: with it an installed hook proves all of
    /// its way to a refusal, and nobody's review is opened.
    /// </summary>
    public const string Probe = "countersign_probe";

    /// <summary>What a probe is answered; the doctor looks for these words.</summary>
    public const string ProbeRefused = "This is the probe of 'countersign hook', which is refused on purpose.";

    /// <summary>
    /// Adds the facts; without the request, why it is not taken. A call is never answered with what another one did:
    /// the tool would have to run for each, and one whose outcome nobody reports must not keep the next one waiting.
    /// </summary>
    public static (Asking? Asking, Problem? Problem) Complete(Asking asked)
    {
        if (asked.Action.Operation == Probe)
        {
            return (null, new Problem(403, "probe", ProbeRefused));
        }

        using var arguments = JsonDocument.Parse(
            asked.Action.Arguments.Bytes, new JsonDocumentOptions { MaxDepth = MaxDepth });
        return FactsOf(asked.Action.Operation, arguments.RootElement) is { } facts
            ? (asked with { Facts = facts, TakesOwnOutcomeOnly = true }, null)
            : (null, RequestBody.Malformed(Shape));
    }

    /// <summary>The facts of a tool call; <c>null</c> when the arguments have another shape.</summary>
    public static Facts? FactsOf(string tool, JsonElement arguments)
    {
        if (!arguments.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal)
                .SequenceEqual(s_members, StringComparer.Ordinal)
            || arguments.GetProperty("host").ValueKind != JsonValueKind.String
            || arguments.GetProperty("cwd").ValueKind != JsonValueKind.String
            || arguments.GetProperty("input").ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var input = arguments.GetProperty("input");
        var command = CommandOf(arguments.GetProperty("host").GetString()!, tool, input);
        return Facts.Of(
            "command",
            ("tool", tool),
            ("input", input.Clone()),
            ("working_directory", arguments.GetProperty("cwd").GetString()!),
            ("program", command?.Program ?? ""),
            ("argv", command?.Words ?? []),
            // A shell finds a program by names that the agent can change, and many programs are interpreters of their
            // words: what a command line says is a report, and nothing to be trusted (THR-078).
            ("opaque", true));
    }

    /// <summary>What the call names, where one simple command can be read; for rules that ask and for people.</summary>
    private static ShellCommand? CommandOf(string host, string tool, JsonElement input) =>
        HookTools.IsShell(host, tool)
        && input.TryGetProperty(HookTools.CommandLine, out var line)
        && line.ValueKind == JsonValueKind.String
            ? ShellCommand.TryParse(line.GetString()!)
            : null;
}
