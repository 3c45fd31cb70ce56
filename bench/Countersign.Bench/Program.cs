using Countersign.Bench;
using Countersign.Bench.Mcp;

switch (args)
{
    case ["upstream"]:
        await PlainServer.ServeHttpAsync();
        return 0;
    case ["upstream-stdio"]:
        await PlainServer.ServeStdioAsync();
        return 0;
    case [var root, .. var names]:
        return await Benchmarks.RunAsync(new Bench(root), names);
    default:
        System.Console.Error.WriteLine("Start it with bench/run.");
        return 2;
}
