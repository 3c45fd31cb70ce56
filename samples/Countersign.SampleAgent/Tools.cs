namespace Countersign.SampleAgent;

/// <summary>What the agent can do. In earnest these would reach out; here they say that they did.</summary>
internal static class Tools
{
    public static string ReadReport(string name) => $"The {name} report: all is well.";

    public static string RestartService(string name) => $"The service {name} was restarted.";

    public static string DropTable(string name) => $"The table {name} is gone.";
}
