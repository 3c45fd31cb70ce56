using System.Text;
using System.Text.Json.Nodes;
using Countersign.Core.Reviews;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Texts of an Adaptive Card. A <c>TextRun</c> takes no markdown, so nothing in it is a link, a mention or a format;
/// what comes from outside goes through <see cref="DisplayText"/> before and stands in these only.
/// </summary>
internal static class TeamsText
{
    /// <summary>Stands for a blank where Teams would make one of several.</summary>
    private const char Blank = '·';

    /// <summary>A literal one is spelled, so that it is never taken for a blank.</summary>
    private const string SpelledBlank = @"\u{00B7}";

    /// <summary>One paragraph.</summary>
    public static JsonObject Paragraph(params JsonObject[] runs) => new()
    {
        ["type"] = "RichTextBlock",
        ["inlines"] = new JsonArray([.. runs]),
    };

    /// <summary>What we say ourselves or what was made fit to be shown.</summary>
    public static JsonObject Run(string shown) => new()
    {
        ["type"] = "TextRun",
        // Teams drops a paragraph without text.
        ["text"] = shown.Length == 0 ? "–" : shown,
    };

    public static JsonObject Strong(string shown) => With(Run(shown), "weight", "Bolder");

    public static JsonObject Quiet(string shown) => With(With(Run(shown), "isSubtle", true), "size", "Small");

    /// <summary>A line of arguments, in which every blank can be counted.</summary>
    public static JsonObject Exact(string line) => With(Run(Countable(line)), "fontType", "Monospace");

    /// <summary>
    /// Several blanks together, and those at the begin and the end of a line, become visible: as they are, a browser
    /// shows one for all of them, and two texts would look the same.
    /// </summary>
    public static string Countable(string line)
    {
        var text = line.Replace(Blank.ToString(), SpelledBlank, StringComparison.Ordinal);
        var shown = new StringBuilder(text.Length);
        for (var at = 0; at < text.Length; at++)
        {
            var isLonely = text[at] == ' ' && at > 0 && at < text.Length - 1
                && text[at - 1] != ' ' && text[at + 1] != ' ';
            shown.Append(text[at] == ' ' && !isLonely ? Blank : text[at]);
        }

        return shown.ToString();
    }

    private static JsonObject With(JsonObject run, string name, JsonNode value)
    {
        run[name] = value;
        return run;
    }
}
