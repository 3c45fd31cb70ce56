using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Countersign.EndToEnd.Clients;
using Countersign.EndToEnd.Support;

namespace Countersign.EndToEnd;

/// <summary>Spans of the built product on their way to an OpenTelemetry collector.</summary>
public sealed partial class TraceTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    private const string Caller = "00f067aa0ba902b7";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_review_that_outlives_its_process_is_one_tree_in_the_trace_of_its_agent()
    {
        await using var collector = await OtlpCollector.StartAsync(Cancel);
        await using var bench = await StartAsync($$"""observability: { otlp: "{{collector.Address}}" }""");
        using var agent = new Api(bench.Product.Address, ProductFolder.TokenOf("DEPLOY_BOT"));
        agent.Http.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-{Caller}-01");

        var asked = await agent.AskAsync("ops", "restart_service", "{}", Cancel);
        await bench.Product.StopAsync(Cancel);
        await bench.Product.StartAgainAsync(Cancel);
        await bench.Alice.VoteAsync(asked.Id!, "approve", Cancel);
        var spans = await collector.UntilAsync(
            Trace,
            [
                "POST /v1/actions", "countersign.intake", "countersign.vote", "countersign.review",
                "countersign.execute", "tools/call restart_service",
            ],
            Cancel);

        ReceivedSpan Named(string name) => Assert.Single(spans, span => span.Name == name);
        var request = Named("POST /v1/actions");
        Assert.Equal(Caller, request.ParentId);
        Assert.Equal("202", request.Attributes["http.response.status_code"]);
        Assert.Equal(request.SpanId, Named("countersign.intake").ParentId);
        Assert.Equal(request.SpanId, Named("countersign.vote").ParentId);
        Assert.Equal(request.SpanId, Named("countersign.review").ParentId);
        var execution = Named("countersign.execute");
        // The sweep may be faster than the vote that it waits for, and knows of the request only.
        string[] parents = [Named("countersign.vote").SpanId, request.SpanId];
        Assert.Contains(execution.ParentId, parents);
        Assert.Equal(asked.Id, execution.Attributes["countersign.action.id"]);
        Assert.Equal("restarts", execution.Attributes["countersign.rule.ids"]);
        var sent = Named("tools/call restart_service");
        var headers = (await bench.Upstream.NextCallAsync(Cancel)).Headers;
        Assert.Equal($"00-{Trace}-{sent.SpanId}-01", headers["traceparent"]);
        Assert.All(spans, span => Assert.Equal("gate-under-test", span.Resource["service.name"]));
    }

    [Fact]
    public async Task A_call_of_a_public_client_is_in_that_clients_trace_and_the_variables_alone_say_where_to()
    {
        await using var collector = await OtlpCollector.StartAsync(Cancel);
        await using var bench = await StartAsync(
            more: "", ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString()));
        using var agent = new Activity("agent").SetIdFormat(ActivityIdFormat.W3C);
        agent.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        agent.Start();
        await using var client = await DotNetClient.ConnectAsync(
            bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);

        await client.CallAsync("read_report", [], Cancel);

        var spans = await collector.UntilAsync(
            agent.TraceId.ToHexString(), ["tools/call read_report", "tools/call read_report"], Cancel);
        var calls = spans.Where(span => span.Name == "tools/call read_report").ToList();
        Assert.Equal([2L, 3L], calls.Select(span => span.Kind).Order());
        Assert.All(calls, call => Assert.Equal("execute_tool", call.Attributes["gen_ai.operation.name"]));
    }

    [Fact]
    public async Task Without_a_collector_a_clients_trace_and_baggage_end_at_the_gate()
    {
        await using var bench = await Bench.StartAsync(Cancel);
        using var agent = new Activity("agent").SetIdFormat(ActivityIdFormat.W3C).AddBaggage("user", "secret");
        agent.ActivityTraceFlags = ActivityTraceFlags.Recorded;
        agent.Start();
        await using var client = await DotNetClient.ConnectAsync(
            bench.Product.Mcp("ops"), ProductFolder.TokenOf("DEPLOY_BOT"), Cancel);

        await client.CallAsync("read_report", [], Cancel);

        var headers = (await bench.Upstream.NextCallAsync(Cancel)).Headers;
        Assert.DoesNotContain(headers.Keys, name => name.StartsWith("trace", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("baggage", headers.Keys, StringComparer.OrdinalIgnoreCase);
        Assert.DoesNotContain("Correlation-Context", headers.Keys, StringComparer.OrdinalIgnoreCase);
        var metrics = await bench.Alice.Http.GetStringAsync("metrics", Cancel);
        Assert.DoesNotContain("countersign_trace_spans_total", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_collector_that_speaks_grpc_gets_the_same_spans_and_the_headers_it_asks_for()
    {
        await using var collector = await OtlpCollector.StartGrpcAsync(Cancel);
        await using var bench = await StartAsync(
            more: "",
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.Address.ToString()),
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-key=a%20key"));
        using var agent = new Api(bench.Product.Address, ProductFolder.TokenOf("DEPLOY_BOT"));
        agent.Http.DefaultRequestHeaders.Add("traceparent", $"00-{Trace}-{Caller}-01");

        await agent.AskAsync("ops", "drop_table", "{}", Cancel);

        var spans = await collector.UntilAsync(Trace, ["POST /v1/actions", "countersign.intake"], Cancel);
        var intake = spans.Single(span => span.Name == "countersign.intake");
        Assert.Equal("drops", intake.Attributes["countersign.rule.ids"]);
        Assert.Equal("a key", collector.Header("x-collector-key"));
    }

    [Fact]
    public async Task A_collector_that_answers_nothing_costs_spans_and_no_action()
    {
        await using var collector = await OtlpCollector.StartHoldingAsync(Cancel);
        await using var bench = await StartAsync(
            $$"""observability: { otlp: "{{collector.Address}}" }""",
            ("OTEL_BSP_MAX_QUEUE_SIZE", "4"),
            ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "2"));

        await AskForReportsAsync(bench);

        Assert.True(await CountAsync(bench, "dropped") > 0);
        Assert.Equal(0, await CountAsync(bench, "exported"));
    }

    [Fact]
    public async Task A_collector_that_is_not_there_costs_spans_and_no_action_and_is_said_once()
    {
        await using var bench = await StartAsync(
            $$"""observability: { otlp: "http://127.0.0.1:{{Ports.Take()}}" }""");

        await AskForReportsAsync(bench);
        while (await CountAsync(bench, "failed") == 0)
        {
            // Every question is a request to the product; the batch fails within its schedule.
            await bench.Agent.GetAsync("v1/actions", Cancel);
        }

        await bench.Product.StopAsync(Cancel);
        Assert.Single(Regex.Matches(bench.Product.Log, "The OTLP collector does not take traces"));
    }

    private static Task<Bench> StartAsync(string more, params (string Name, string Value)[] variables) =>
        Bench.StartAsync(
            new ProductOptions
            {
                More = more,
                Environment = variables
                    .Append(("OTEL_SERVICE_NAME", "gate-under-test"))
                    .Append(("OTEL_BSP_SCHEDULE_DELAY", "50"))
                    .ToDictionary(variable => variable.Item1, variable => variable.Item2),
            },
            Cancel);

    private static async Task AskForReportsAsync(Bench bench)
    {
        for (var number = 0; number < 5; number++)
        {
            var body = Api.AskBody("ops", "read_report", $$"""{"n":{{number}}}""");
            var answer = await bench.Agent.PostAsync("v1/actions?wait=20", body, Cancel);
            Assert.Equal((HttpStatusCode.OK, "succeeded"), (answer.Status, answer.State));
        }
    }

    private static async Task<long> CountAsync(Bench bench, string result)
    {
        var metrics = await bench.Alice.Http.GetStringAsync("metrics", Cancel);
        var line = SpanCount().Matches(metrics).Single(found => found.Groups["result"].Value == result);
        return long.Parse(line.Groups["count"].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex("""countersign_trace_spans_total\{result="(?<result>\w+)"\} (?<count>\d+)""")]
    private static partial Regex SpanCount();
}
