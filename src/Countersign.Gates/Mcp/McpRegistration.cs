using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Countersign.Gates.Mcp;

/// <summary>Puts the MCP gate into a server.</summary>
internal static class McpRegistration
{
    public static IServiceCollection AddMcpGate(
        this IServiceCollection services, Func<IServiceProvider, McpGateOptions> options) =>
        services.AddSingleton(provider => new McpGate(options(provider)));

    /// <summary>
    /// Maps <c>/mcp/{target}</c>: POST for messages, GET for the server's stream, DELETE for the end.
    /// </summary>
    public static IEndpointRouteBuilder MapMcpGate(this IEndpointRouteBuilder endpoints)
    {
        var gate = endpoints.ServiceProvider.GetRequiredService<McpGate>();
        const string pattern = "/mcp/{target}";
        endpoints.MapPost(pattern, (HttpContext context, string target) => gate.PostAsync(context, target));
        endpoints.MapGet(pattern, (HttpContext context, string target) => gate.GetAsync(context, target));
        endpoints.MapDelete(pattern, (HttpContext context, string target) => gate.DeleteAsync(context, target));
        return endpoints;
    }
}
