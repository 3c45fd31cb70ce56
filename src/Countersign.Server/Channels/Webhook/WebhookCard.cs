using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Countersign.Core;
using Countersign.Core.Actions;
using Countersign.Core.Records;
using Countersign.Core.Reviews;
using Countersign.Gates.Api;

namespace Countersign.Server.Channels.Webhook;

/// <summary>
/// Renders a review as the JSON of the API, masked like every card and without results: a receiver reads what a person
/// without rights would read. What only its reviewers may read is named and not told.
/// </summary>
internal sealed class WebhookCard(
    Func<Charter> charter, CardMask mask, Func<ActionId, Uri> reviewUrl, ReviewDesk desk)
{
    private const string Changed = "review.changed";
    private const string Notice = "notice";

    private static readonly JsonWriterOptions s_options =
        new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public WebhookMessage Render(ActionRecord record)
    {
        var today = charter();
        var about = $"{record.Id}.{record.Ledger.Index}";
        if (IsForReviewersOnly(record, today))
        {
            return WebhookMessage.Of(about, Thin(record, leftOut: null));
        }

        var whole = Compose(Changed, record.Ledger.At, json => WriteAction(json, record, today));
        return WebhookMessage.Of(about, whole.Length <= WebhookLimits.BodyBytes
            ? whole
            : Thin(record, $"the action is larger than {WebhookLimits.BodyBytes} bytes; ask the API for it"));
    }

    /// <summary>What is about no action.</summary>
    public static WebhookMessage Render(ChannelNotice notice) => WebhookMessage.Of(
        notice.Source,
        Compose(Notice, notice.At, json =>
        {
            json.WriteStartObject();
            json.WriteString("headline", notice.Headline);
            json.WriteString("text", notice.Text);
            json.WriteString("source", notice.Source);
            json.WriteBoolean("alarm", notice.IsAlarm);
            json.WriteString("url", notice.Page.AbsoluteUri);
            json.WriteEndObject();
        }));

    private void WriteAction(Utf8JsonWriter json, ActionRecord record, Charter today)
    {
        var shown = mask.Of(record);
        ActionJson.Write(json, shown.Record, new ActionView
        {
            Owner = today.People.Find(record.Asker.Agent)?.Owner.ToString(),
            Tallies = desk.TalliesOf(record),
            Url = reviewUrl(record.Id),
            Hidden = shown.Hidden,
        });
    }

    private byte[] Thin(ActionRecord record, string? leftOut) => Compose(Changed, record.Ledger.At, json =>
    {
        json.WriteStartObject();
        json.WriteString("id", record.Id.Value);
        json.WriteString("state", record.State.ToText());
        json.WriteString("url", reviewUrl(record.Id).AbsoluteUri);
        if (leftOut is not null)
        {
            json.WriteString("left_out", leftOut);
        }

        json.WriteEndObject();
    });

    private static byte[] Compose(string type, DateTimeOffset? at, Action<Utf8JsonWriter> writeData)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(buffer, s_options))
        {
            json.WriteStartObject();
            json.WriteString("type", type);
            if (at is { } time)
            {
                json.WriteString("timestamp", time);
            }

            json.WritePropertyName("data");
            writeData(json);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A target that left the configuration took its setting along: in doubt it was restricted.</summary>
    private static bool IsForReviewersOnly(ActionRecord record, Charter today) =>
        today.Targets.GetValueOrDefault(record.Action.Target) is not { VisibleToReviewersOnly: false };
}
