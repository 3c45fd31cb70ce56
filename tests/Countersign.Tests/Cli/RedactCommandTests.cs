using System.Text.Json;
using Countersign.Core.Redaction;
using Countersign.Server.Cli;

namespace Countersign.Tests.Cli;

public sealed class RedactCommandTests
{
    [Fact]
    public void A_line_tells_the_masked_text_and_where_values_stood_in_UTF_16()
    {
        const string Text = "日本 𝒳 to a@example.org and 192.0.2.7";
        var redactor = new Redactor(RedactionPlan.Create(new RedactionOptions()));

        using var line = JsonDocument.Parse(RedactCommand.Describe(redactor, Text, out var report));

        var spans = line.RootElement.GetProperty("spans").EnumerateArray().Select(span => (
            Text[span.GetProperty("start").GetInt32()..span.GetProperty("end").GetInt32()],
            span.GetProperty("kind").GetString())).ToArray();
        Assert.Equal("日本 𝒳 to [email] and [ip]", line.RootElement.GetProperty("text").GetString());
        Assert.Equal([("a@example.org", "EMAIL_ADDRESS"), ("192.0.2.7", "IP_ADDRESS")], spans);
        Assert.Equal("1 email, 1 ip", report.ToString());
    }

    [Theory]
    [InlineData("--kind", "unheard-of")]
    [InlineData("--mode", "prose")]
    [InlineData("--treatment", "hash")]
    public async Task What_is_not_known_is_wrong_usage(string option, string value)
    {
        var parsed = CommandTree.Create().Parse(["redact", option, value]);

        var code = parsed.Errors.Count > 0
            ? ExitCode.Usage
            : await parsed.InvokeAsync(cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal(ExitCode.Usage, code);
    }
}
