namespace Countersign.Core.Actions;

/// <summary>Where actions come in.</summary>
public enum GateKind
{
    Mcp,
    Postgres,
    Http,
    Command,
    Hook,
    Api,
}

/// <summary>The spelling of gates in configuration, policies and JSON.</summary>
public static class GateNames
{
    public static IReadOnlyList<string> All { get; } = [.. Enum.GetValues<GateKind>().Select(ToText)];

    /// <summary>Whether nothing is executed behind it: whoever asked takes a permit and acts.</summary>
    public static bool GivesPermits(this GateKind gate) => gate is GateKind.Api or GateKind.Hook;

    public static string ToText(this GateKind gate) => gate.ToString().ToLowerInvariant();

    public static bool TryParse(string text, out GateKind gate) =>
        Enum.TryParse(text, ignoreCase: true, out gate) && gate.ToText() == text;
}
