import com.amazonaws.services.dynamodbv2.local.main.ServerRunner;
import com.amazonaws.services.dynamodbv2.local.server.DynamoDBProxyServer;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/** DynamoDB Local for LocalStack alone: its own main class listens on every interface and serves pages of every site. */
class LoopbackServer {
    public static void main(String[] args) throws Exception {
        DynamoDBProxyServer dynamodb = ServerRunner.createServerFromCommandLineArgs(args);
        var field = DynamoDBProxyServer.class.getDeclaredField("server");
        field.setAccessible(true);
        var jetty = (Server) field.get(dynamodb);
        for (Connector connector : jetty.getConnectors()) {
            ((ServerConnector) connector).setHost("127.0.0.1");
        }
        jetty.setHandler(new BrowserRefusal(jetty.getHandler()));
        dynamodb.start();
        dynamodb.join();
    }

    /** Refuses what a browser could have sent: other headers than those of programs, or a Host that is not this machine. */
    static class BrowserRefusal extends Handler.Wrapper {
        BrowserRefusal(Handler handler) {
            super(handler);
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            HttpFields headers = request.getHeaders();
            String host = Request.getServerName(request);
            if (headers.contains("Origin") || headers.contains("Referer") || headers.contains("Sec-Fetch-Site")
                || !("127.0.0.1".equals(host) || "localhost".equals(host))) {
                Response.writeError(request, response, callback, 403);
                return true;
            }
            return super.handle(request, response, callback);
        }
    }
}
