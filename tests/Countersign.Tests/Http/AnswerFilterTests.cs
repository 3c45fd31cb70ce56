using System.Buffers;
using System.Text;
using Countersign.Core.Redaction;
using Countersign.Core.Redaction.Structured;
using Countersign.Gates.Http;

namespace Countersign.Tests.Http;

/// <summary>What a target masks is masked in every kind of answer, or the answer is withheld.</summary>
public sealed class AnswerFilterTests
{
    private const string Email = "joe@acme.io";

    private static readonly RedactionPlan Values = RedactionPlan.Create(
        new RedactionOptions { Kinds = [.. DataKinds.Named("email")] });

    private static readonly FieldRules Fields = FieldRules.Of(new FieldRule.Named("ssn", Treatment.Redact));

    [Theory]
    [InlineData("application/json", "{\"a\":\"joe@acme.io\"}", "{\"a\":\"[email]\"}")]
    [InlineData("text/plain", "to joe@acme.io now", "to [email] now")]
    [InlineData("text/html", "<p>joe@acme.io</p>", "<p>[email]</p>")]
    [InlineData("application/octet-stream", "joe@acme.io", "[email]")]
    [InlineData("application/json", "no json joe@acme.io", "no json [email]")]
    [InlineData("text/event-stream", "data: {\"a\":\"joe@acme.io\"}\n\n", "data: {\"a\":\"[email]\"}\n\n")]
    public void Values_are_masked_wherever_they_stand(string type, string text, string expected)
    {
        var (shown, report) = Through(type, new TargetRedaction(Values, FieldRules.None), text);

        Assert.Equal(expected, shown);
        Assert.Equal("1 email", report.ToString());
    }

    /// <summary>What stands before the document of a line is no part of it.</summary>
    [Fact]
    public void Values_are_masked_before_a_document_too() => Assert.Equal(
        "data: [email] \"ok\"\n",
        Through("text/event-stream", new TargetRedaction(Values, Fields), $"data: {Email} \"ok\"\n").Shown);

    [Fact]
    public void A_picture_passes_as_it_is() =>
        Assert.Equal(Email, Through("image/png", new TargetRedaction(Values, FieldRules.None), Email).Shown);

    [Fact]
    public void A_drawing_is_a_text() => Assert.Equal(
        "[email]", Through("image/svg+xml", new TargetRedaction(Values, FieldRules.None), Email).Shown);

    [Theory]
    [InlineData("application/json", "{\"x\":[{\"ssn\":\"123\"}]}", "{\"x\":[{\"ssn\":\"[field]\"}]}")]
    [InlineData(
        "application/x-ndjson", "{\"ssn\":\"1\"}\n{\"ssn\":\"2\"}\n", "{\"ssn\":\"[field]\"}\n{\"ssn\":\"[field]\"}\n")]
    [InlineData("text/event-stream", ": hi\nevent: a\ndata: {\"ssn\":\"1\"}\n\n",
        ": hi\nevent: a\ndata: {\"ssn\":\"[field]\"}\n\n")]
    [InlineData("application/json", "", "")]
    [InlineData("text/plain", "", "")]
    public void Fields_are_masked_where_they_can_be_seen(string type, string text, string expected) =>
        Assert.Equal(expected, Through(type, new TargetRedaction(null, Fields), text).Shown);

    [Theory]
    [InlineData("text/csv", "ssn\n123")]
    [InlineData("application/xml", "<ssn>123</ssn>")]
    [InlineData("application/octet-stream", "123")]
    [InlineData(null, "123")]
    [InlineData("application/json", "{\"ssn\":\"123\"")]
    [InlineData("application/json", "{\"ssn\":\"123\"}{\"ssn\":\"123\"}")]
    [InlineData("application/x-ndjson", "{\"ssn\":\"123\"} {\"ssn\":\"123\"}\n")]
    public void Where_fields_cannot_be_seen_nothing_passes(string? type, string text) =>
        Assert.Throws<WithheldException>(() => Through(type, new TargetRedaction(null, Fields), text));

    [Fact]
    public void A_document_too_long_to_be_looked_at_is_masked_by_values_or_withheld()
    {
        var text = $"[\"{new string('x', 100)}\",\"{Email}\"]";
        var limits = new HttpLimits { Masked = 50 };

        Assert.DoesNotContain(
            Email, Through("application/json", new TargetRedaction(Values, FieldRules.None), text, limits).Shown,
            StringComparison.Ordinal);
        Assert.Throws<WithheldException>(
            () => Through("application/json", new TargetRedaction(null, Fields), text, limits));
    }

    private static (string Shown, RedactionReport Report) Through(
        string? type, TargetRedaction redaction, string text, HttpLimits? limits = null)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        (string, RedactionReport)? first = null;
        foreach (var size in (int[])[Math.Max(1, bytes.Length), 7, 1])
        {
            var output = new ArrayBufferWriter<byte>();
            var options = new HttpOptions(new Uri("http://127.0.0.1:9"))
            {
                Redaction = redaction,
                Limits = limits ?? new HttpLimits(),
            };
            var filter = new AnswerFilter(type, [], options, new TargetRedactor(options.Redaction), output);
            foreach (var piece in bytes.Chunk(size))
            {
                filter.Write(piece);
            }

            filter.Complete();
            var shown = Encoding.UTF8.GetString(output.WrittenSpan);
            first ??= (shown, filter.Report);
            Assert.Equal(first.Value.Item1, shown);
        }

        return first!.Value;
    }
}
