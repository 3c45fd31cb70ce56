using Countersign.Client;
using Countersign.SampleAgent;
using Microsoft.Extensions.AI;

// An agent with three tools that asks before each of them. What the policy allows runs, what it refuses does not, and
// what people have to decide waits for them. Its model is played, so that it runs without one; any other IChatClient
// does as well.
if (args.Length == 0)
{
    Console.Error.WriteLine("Say what to do, such as: read_report weekly restart_service billing");
    Console.Error.WriteLine("COUNTERSIGN_URL and COUNTERSIGN_TOKEN say where to ask, and as which agent.");
    return 2;
}

using var http = new HttpClient();
var client = new CountersignClient(http, CountersignOptions.FromEnvironment());
AITool[] tools =
[
    .. new[]
    {
        AIFunctionFactory.Create(Tools.ReadReport, "read_report", "Reads a report."),
        AIFunctionFactory.Create(Tools.RestartService, "restart_service", "Restarts a service."),
        AIFunctionFactory.Create(Tools.DropTable, "drop_table", "Drops a table."),
    }.Select(tool => new ApprovalFunction(tool, client, new ApprovalFunctionOptions("sdk")
    {
        Reason = arguments => $"A sample wants to use {tool.Name} on {arguments["name"]}.",
        OnUnreported = (action, failure) => Console.Error.WriteLine($"{action.Id} is not reported: {failure.Message}"),
    })),
];

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};
using var model = new PlayedModel(args);
await new ToolLoop(model, tools, Console.Out).RunAsync(stop.Token);
return 0;
