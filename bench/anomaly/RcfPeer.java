import com.amazon.randomcutforest.RandomCutForest;
import com.amazon.randomcutforest.config.TransformMethod;
import com.amazon.randomcutforest.parkservices.ThresholdedRandomCutForest;
import com.amazon.randomcutforest.returntypes.DiVector;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.lang.management.ManagementFactory;

/** Random Cut Forest on a stream, with the argument `thresholded` its thresholded form with normalised input, with `attribution N` the two columns of the largest attribution of the last N rows, first · d + second, which are not learnt: reads {trees, n, d, n·d doubles} from stdin, writes n scores and {CPU seconds} to stdout, until the input ends. */
public final class RcfPeer {
  private interface Scorer {
    double observe(double[] row, long time);
  }

  public static void main(String[] arguments) throws Exception {
    DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
    DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16));
    while (true) {
      int trees;
      try {
        trees = in.readInt();
      } catch (java.io.EOFException end) {
        return;
      }
      int n = in.readInt();
      int d = in.readInt();
      double[][] rows = new double[n][d];
      for (double[] row : rows) for (int i = 0; i < d; i += 1) row[i] = in.readDouble();
      String mode = arguments.length > 0 ? arguments[0] : "";
      Scorer scorer =
          mode.equals("thresholded")
              ? thresholded(d, trees)
              : mode.equals("attribution")
                  ? attribution(d, trees, n - Integer.parseInt(arguments[1]))
                  : plain(d, trees);
      double[] scores = new double[n];
      long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
      for (int i = 0; i < n; i += 1) scores[i] = scorer.observe(rows[i], i);
      double seconds = (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / 1e9;
      for (double score : scores) out.writeDouble(score);
      out.writeDouble(seconds);
      out.flush();
    }
  }

  private static Scorer plain(int d, int trees) {
    RandomCutForest forest =
        RandomCutForest.builder().dimensions(d).numberOfTrees(trees).sampleSize(256).randomSeed(42).build();
    return (row, time) -> {
      float[] point = new float[d];
      for (int i = 0; i < d; i += 1) point[i] = (float) row[i];
      double score = forest.getAnomalyScore(point);
      forest.update(point);
      return score;
    };
  }

  private static Scorer thresholded(int d, int trees) {
    ThresholdedRandomCutForest forest =
        ThresholdedRandomCutForest.builder()
            .dimensions(d)
            .shingleSize(1)
            .numberOfTrees(trees)
            .sampleSize(256)
            .randomSeed(42)
            .transformMethod(TransformMethod.NORMALIZE)
            .build();
    return (row, time) -> forest.process(row, time).getRCFScore();
  }

  private static Scorer attribution(int d, int trees, int learnt) {
    RandomCutForest forest =
        RandomCutForest.builder().dimensions(d).numberOfTrees(trees).sampleSize(256).randomSeed(42).build();
    return (row, time) -> {
      float[] point = new float[d];
      for (int i = 0; i < d; i += 1) point[i] = (float) row[i];
      if (time < learnt) {
        forest.update(point);
        return 0;
      }
      DiVector found = forest.getAnomalyAttribution(point);
      int first = largest(found, d, -1);
      return first * d + largest(found, d, first);
    };
  }

  private static int largest(DiVector found, int d, int except) {
    int best = -1;
    for (int i = 0; i < d; i += 1)
      if (i != except && (best < 0 || found.getHighLowSum(i) > found.getHighLowSum(best))) best = i;
    return best;
  }
}
