using System.CommandLine;
using System.Text.Json;

namespace Countersign.Server.Cli;

/// <summary>The two forms of every result: JSON for programs, text for people.</summary>
internal static class Output
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Option<bool> Json { get; } = new("--json")
    {
        Description = "Print JSON.",
        Recursive = true,
    };

    public static void Write(ParseResult parsed, JsonElement data, Func<JsonElement, string> toText) =>
        Terminal.WriteLine(parsed.GetValue(Json) ? JsonSerializer.Serialize(data, Indented) : toText(data));
}
