using Countersign.Server.Configuration;
using Countersign.Server.Tracing;
using Countersign.Tests.Support;

namespace Countersign.Tests.Configuration;

/// <summary>Where spans go: the file says it, or the variables that every user of OpenTelemetry knows.</summary>
public sealed class ObservabilityTests : IDisposable
{
    private const string Written = "observability: { otlp: \"http://collector:4318\" }";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "")]
    [InlineData("observability: {}", "")]
    [InlineData(Written, "OTEL_SDK_DISABLED=true")]
    [InlineData(Written, "OTEL_TRACES_EXPORTER=none")]
    [InlineData("", "OTEL_EXPORTER_OTLP_ENDPOINT=")]
    [InlineData("", "OTEL_EXPORTER_OTLP_HEADERS=a=b")]
    public void Nothing_is_sent(string text, string variables) => Assert.Null(Read(text, variables));

    [Theory]
    [InlineData(Written, "", "http://collector:4318/v1/traces")]
    [InlineData(Written, "OTEL_EXPORTER_OTLP_ENDPOINT=http://other", "http://collector:4318/v1/traces")]
    [InlineData("", "OTEL_EXPORTER_OTLP_ENDPOINT=http://other:4318/", "http://other:4318/v1/traces")]
    [InlineData("", "OTEL_EXPORTER_OTLP_ENDPOINT=http://other/base", "http://other/base/v1/traces")]
    [InlineData("", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://other/x", "http://other/x")]
    [InlineData(
        "", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://a/x;OTEL_EXPORTER_OTLP_ENDPOINT=http://b", "http://a/x")]
    [InlineData(Written, "OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "http://collector:4318/")]
    public void Spans_go_to(string text, string variables, string endpoint) =>
        Assert.Equal(endpoint, Read(text, variables)!.Endpoint.AbsoluteUri);

    [Fact]
    public void The_variables_say_how()
    {
        var settings = Read(
            Written,
            "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf;OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc;"
            + "OTEL_EXPORTER_OTLP_HEADERS=key=secret;OTEL_EXPORTER_OTLP_TIMEOUT=250")!;

        Assert.True(settings.IsGrpc);
        Assert.Equal("key=secret", settings.Headers);
        Assert.Equal(TimeSpan.FromMilliseconds(250), settings.Timeout);
        Assert.DoesNotContain("secret", settings.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("observability: { oltp: \"http://collector\" }", "", "did you mean 'otlp'?")]
    [InlineData("observability: { otlp: collector }", "", "otlp is an address like")]
    [InlineData("", "OTEL_EXPORTER_OTLP_ENDPOINT=collector", "OTEL_EXPORTER_OTLP_ENDPOINT is an address like")]
    [InlineData(Written, "OTEL_EXPORTER_OTLP_PROTOCOL=http/json", "is grpc or http/protobuf, not 'http/json'")]
    [InlineData(Written, "OTEL_EXPORTER_OTLP_TIMEOUT=10s", "is a number of milliseconds up to 600000, not '10s'")]
    public void A_mistake_is_refused_with_what_is_taken_instead(string text, string variables, string remedy) =>
        Assert.Contains(
            remedy,
            Assert.Throws<ConfigurationException>(() => Read(text, variables)).Message,
            StringComparison.Ordinal);

    private TraceSettings? Read(string text, string variables)
    {
        var environment = variables
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(variable => variable.Split('=', 2))
            .ToDictionary(parts => parts[0], parts => parts[1]);
        var path = _folder.PathOf("countersign.yaml");
        File.WriteAllText(path, "store: sqlite:data/countersign.db\npolicies: policy.yaml\n" + text + "\n");
        File.WriteAllText(_folder.PathOf("policy.yaml"), "version: 1\ndefault: deny\n");
        return SettingsFile.Load(path, environment.GetValueOrDefault).Traces;
    }
}
