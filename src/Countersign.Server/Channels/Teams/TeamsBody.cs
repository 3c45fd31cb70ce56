using System.Text.Json.Nodes;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Teams;

/// <summary>
/// Collects the elements of one card, and whether each of them shows all of what it was given. What had to leave
/// something out says how much, and the card then carries no Approve.
/// </summary>
internal sealed class TeamsBody
{
    /// <summary>The version that has Universal Actions and that Teams shows everywhere.</summary>
    private const string Version = "1.5";

    private readonly JsonArray _elements = [];

    /// <summary>Whether everything that has to be seen before approving is there.</summary>
    public bool IsComplete { get; private set; } = true;

    /// <param name="fallback">What a client shows that cannot show the card.</param>
    public JsonObject ToCard(string fallback) => new()
    {
        ["type"] = "AdaptiveCard",
        ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
        ["version"] = Version,
        ["fallbackText"] = fallback,
        ["body"] = _elements,
        ["msteams"] = new JsonObject { ["width"] = "Full" },
    };

    public void Headline(string shown)
    {
        var run = TeamsText.Strong(Kept(shown, TeamsLimits.Text));
        run["size"] = "Large";
        _elements.Add(TeamsText.Paragraph(run));
    }

    public void Text(string shown) => AddLines(Kept(shown, TeamsLimits.Text), TeamsText.Run);

    /// <summary>Text that may be shortened: what the agent says decides nothing.</summary>
    public void Aside(string shown, int most) => AddLines(Shortening.Of(shown, most), TeamsText.Run);

    public void Quiet(string shown) => AddLines(Shortening.Of(shown, TeamsLimits.Text), TeamsText.Quiet);

    /// <summary>Names with their texts.</summary>
    public void Rows(IEnumerable<LabelledText> rows)
    {
        foreach (var row in rows)
        {
            _elements.Add(TeamsText.Paragraph(
                TeamsText.Strong($"{row.Label}{(row.Warns ? " (!)" : "")}: "),
                TeamsText.Run(Kept(Joined(row.Text), TeamsLimits.Text))));
        }
    }

    /// <summary>Arguments, line by line in a frame of their own.</summary>
    public void Exact(string shown)
    {
        var lines = shown.Split('\n');
        IsComplete &= Fits(shown);
        var items = new JsonArray();
        foreach (var line in lines.Take(TeamsLimits.ExactLines))
        {
            items.Add(Tight(
                TeamsText.Paragraph(TeamsText.Exact(Shortening.Of(line, TeamsLimits.ExactCharacters))), items.Count));
        }

        if (lines.Length > TeamsLimits.ExactLines)
        {
            items.Add(TeamsText.Paragraph(
                TeamsText.Exact($@"\u{{… {lines.Length - TeamsLimits.ExactLines:N0} more lines …}}")));
        }

        _elements.Add(new JsonObject { ["type"] = "Container", ["style"] = "emphasis", ["items"] = items });
    }

    /// <summary>Whether arguments are shown in full.</summary>
    public static bool Fits(string shown) =>
        shown.Length <= TeamsLimits.ExactCharacters && shown.AsSpan().Count('\n') < TeamsLimits.ExactLines;

    /// <summary>Something was left out before it came here.</summary>
    public void LeavesOut() => IsComplete = false;

    public void Add(JsonObject element) => _elements.Add(element);

    public void Actions(params JsonObject[] actions) => _elements.Add(new JsonObject
    {
        ["type"] = "ActionSet",
        ["actions"] = new JsonArray([.. actions]),
    });

    private void AddLines(string shown, Func<string, JsonObject> run)
    {
        var count = 0;
        foreach (var line in shown.Split('\n'))
        {
            _elements.Add(Tight(TeamsText.Paragraph(run(line)), count++));
        }
    }

    private string Kept(string shown, int most)
    {
        IsComplete &= shown.Length <= most;
        return Shortening.Of(shown, most);
    }

    /// <summary>A run is one line, wherever it comes from.</summary>
    private static string Joined(string text) => text.Replace('\n', ' ');

    private static JsonObject Tight(JsonObject paragraph, int before)
    {
        if (before > 0)
        {
            paragraph["spacing"] = "None";
        }

        return paragraph;
    }
}
