using System.Text.Json.Nodes;
using Countersign.Core.Reviews;
using Countersign.Server.Console.Views;

namespace Countersign.Server.Channels.Slack;

/// <summary>
/// Collects the blocks of one message, and whether each of them shows all of what it was given. A block that had to
/// leave something out says how much, and the message then carries no Approve.
/// </summary>
internal sealed class SlackBlocks
{
    private readonly JsonArray _blocks = [];

    /// <summary>Whether everything that has to be seen before approving is there.</summary>
    public bool IsComplete { get; private set; } = true;

    public JsonArray ToJson() => _blocks;

    public void Header(string shown)
    {
        if (SlackText.FitsPlain(shown, SlackLimits.HeaderText))
        {
            _blocks.Add(new JsonObject
            {
                ["type"] = "header",
                ["text"] = SlackText.Plain(shown, SlackLimits.HeaderText),
            });
        }
        else
        {
            // A header holds little; the sentence is not less important for being long.
            Section(shown);
        }
    }

    public void Section(string shown)
    {
        IsComplete &= SlackText.FitsPlain(shown, SlackLimits.SectionText);
        _blocks.Add(SectionOf(SlackText.Plain(shown, SlackLimits.SectionText)));
    }

    /// <summary>Text that may be shortened: what the agent says decides nothing.</summary>
    public void Aside(string shown, int most) => _blocks.Add(SectionOf(SlackText.Plain(shown, most)));

    public void Fenced(string shown)
    {
        IsComplete &= SlackText.FitsFenced(shown, SlackLimits.SectionText);
        _blocks.Add(SectionOf(SlackText.Fenced(shown, SlackLimits.SectionText)));
    }

    /// <summary>Something was left out before it came here.</summary>
    public void LeavesOut() => IsComplete = false;

    /// <summary>Names with their texts, ten to a section.</summary>
    public void Fields(IEnumerable<LabelledText> rows)
    {
        foreach (var chunk in rows.Chunk(SlackLimits.Fields))
        {
            var fields = new JsonArray();
            foreach (var row in chunk)
            {
                var shown = $"{row.Label}{(row.Warns ? " (!)" : "")}\n{row.Text}";
                IsComplete &= SlackText.FitsPlain(shown, SlackLimits.FieldText);
                fields.Add(SlackText.Plain(shown, SlackLimits.FieldText));
            }

            _blocks.Add(new JsonObject { ["type"] = "section", ["fields"] = fields });
        }
    }

    public void Context(string shown) => _blocks.Add(new JsonObject
    {
        ["type"] = "context",
        ["elements"] = new JsonArray(SlackText.Plain(shown, SlackLimits.ContextText)),
    });

    public void Actions(params JsonObject[] buttons) => _blocks.Add(new JsonObject
    {
        ["type"] = "actions",
        ["block_id"] = "decide",
        ["elements"] = new JsonArray(buttons),
    });

    private static JsonObject SectionOf(JsonObject text) => new()
    {
        ["type"] = "section",
        ["text"] = text,
        // Slack would fold a long text behind "See more".
        ["expand"] = true,
    };
}
